// Controls for values that a JSON Schema describes: of a run's input, and of a workflow's parameters.

// Types of JSON Schema that have a control of their own. Any other value is typed as JSON.
const CONTROLS = { string: "Data", integer: "Int", number: "Float", boolean: "Check" };
const FORMATS = { date: "Date", "date-time": "Datetime", time: "Time" };
// Formats whose values name a document.
const DOCTYPES = { user: "User", role: "Role", doctype: "DocType" };
const LINK = "link:";

// Fieldtype and options of a schema's control; null if it has none.
export function control_of({ type, enum: choices, format }) {
	if (choices) {
		const are_texts = choices.every((choice) => typeof choice === "string");
		return are_texts ? { fieldtype: "Select", options: ["", ...choices] } : null;
	}
	if (type === undefined && format) type = "string";
	if (type === "string") {
		const doctype = format && format.startsWith(LINK) ? format.slice(LINK.length) : DOCTYPES[format];
		// Who may not read these documents may still name one: the server looks whether it is there.
		if (doctype) return { fieldtype: "Link", options: doctype, ignore_link_validation: 1 };
		if (format === "email") return { fieldtype: "Data", options: "Email" };
	}
	const fieldtype = FORMATS[format] && type === "string" ? FORMATS[format] : CONTROLS[type];
	return fieldtype ? { fieldtype } : null;
}

// What was filled in, as the schema wants it; undefined for a field that was left empty.
export function value_of(field, value, { type }) {
	if (type === "boolean") return !!value;
	if (value === undefined || value === null || value === "" || field.$input?.val() === "") return undefined;
	return value;
}

const NUMBERS = ["Int", "Float", "Currency", "Percent"];

// Let the numbers of a dialog, or of a group of fields, be empty: Frappe shows one that nobody has filled in as 0, and sends it.
export function leave_numbers_empty(group) {
	for (const field of Object.values(group.fields_dict)) {
		if (NUMBERS.includes(field.df.fieldtype)) leave_empty(field);
	}
}

function leave_empty(field) {
	const { format_for_input, refresh_input } = field;
	const is_empty = (value) => value === null || value === undefined || value === "";
	field.format_for_input = (value) => (is_empty(value) ? "" : format_for_input.call(field, value));
	field.refresh_input = () => {
		const { value } = field;
		refresh_input.call(field);
		if (value === 0) field.set_input(0); // Frappe draws it as if there were none
	};
	field.set_input(is_empty(field.value) ? field.df.default ?? null : field.value);
}
