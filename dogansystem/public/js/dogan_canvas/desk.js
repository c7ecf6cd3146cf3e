// What the canvas needs of Frappe's desk, and all that it knows of it. Another host gives the same functions.

import { read as read_positions } from "./model/positions.mjs";
import { text_editor } from "./ace_editor";

const VOCABULARY = "dogansystem.api.canvas.vocabulary";
const NOT_FIELDS = ["Section Break", "Column Break", "Tab Break", "HTML", "Button", "Fold", "Heading", "Image"];
// Fields that every document has, and that workflows ask for most.
const STANDARD = [
	{ fieldname: "owner", label: "Created By", fieldtype: "Link", options: "User" },
	{ fieldname: "creation", label: "Created On", fieldtype: "Datetime" },
	{ fieldname: "modified", label: "Last Updated On", fieldtype: "Datetime" },
	{ fieldname: "docstatus", label: "Document Status", fieldtype: "Int" },
];

let known = null;

export const desk = {
	__: (text, values) => window.__(text, values),
	state: (status) => window.__(status),
	took: (from, to) => dogan.duration(dogan.seconds_between(from, to)),

	vocabulary() {
		known = known || frappe.xcall(VOCABULARY);
		return known;
	},

	check: (definition) => frappe.xcall("dogansystem.api.canvas.check", { definition: JSON.stringify(definition) }),
	to_yaml: (definition) => frappe.xcall("dogansystem.api.canvas.to_yaml", { definition: JSON.stringify(definition) }),
	from_yaml: (text) => frappe.xcall("dogansystem.api.canvas.from_yaml", { text }),
	// Where somebody has put steps of a workflow.
	async positions(workflow) {
		const { message } = await frappe.db.get_value("Dogan Workflow", workflow, "positions");
		return read_positions(message?.positions);
	},
	versions: (workflow, about) => frappe.xcall("dogansystem.api.versions.history", { workflow, ...about }),
	compare_versions: (workflow, old, version) => frappe.xcall("dogansystem.api.versions.compare", { workflow, old, new: version }),
	restore_version: (workflow, version, note) => frappe.xcall("dogansystem.api.versions.restore", { workflow, version, note: note || "" }),
	definition_of_run: (run) => frappe.xcall("dogansystem.api.canvas.of_run", { run }),

	// `[{fieldname, label, fieldtype, options}]`; empty for what is no DocType.
	fields(doctype) {
		return new Promise((resolve) => {
			if (!doctype || !frappe.model.can_read(doctype)) return resolve([]);
			frappe.model.with_doctype(doctype, () => {
				const meta = frappe.get_meta(doctype);
				const own = (meta ? meta.fields : []).filter((field) => !NOT_FIELDS.includes(field.fieldtype));
				const fields = own.map(({ fieldname, label, fieldtype, options }) => ({ fieldname, label: label || fieldname, fieldtype, options }));
				resolve([...fields, ...STANDARD]);
			});
		});
	},

	// What the newest run of a workflow had: `{input, doc, steps: {id: {output}}}`, as far as the person may see it.
	async samples(workflow) {
		const [newest] = await frappe.xcall("dogansystem.api.workflows.list_runs", { workflow, limit: 1 });
		if (!newest) return {};
		const { input, steps } = await frappe.xcall("dogansystem.api.workflows.get_run", { run: newest.run });
		const whole = steps.filter((step) => step.index === null || step.index === undefined);
		const { doctype, name } = newest.document || {};
		const doc = doctype && frappe.model.can_read(doctype) ? await frappe.db.get_doc(doctype, name).catch(() => null) : null;
		return { input, doc, steps: Object.fromEntries(whole.map((step) => [step.id, { output: step.output, branch: step.branch }])) };
	},

	text_editor,

	// One of Frappe's controls in an element. `change` hears of what a person enters. Gives `set(value)`.
	control(parent, df, value, change) {
		let is_set = true;
		const made = frappe.ui.form.make_control({
			parent,
			df: {
				...df,
				change() {
					if (is_set) return;
					// Clearing a control ends in different kinds of nothing.
					const given = made.get_value();
					change(given === null || given === undefined ? "" : given);
				},
			},
			render_input: true,
			only_input: true,
		});
		const set = (next) => {
			is_set = true;
			Promise.resolve(made.set_value(next ?? "")).then(() => (is_set = false));
		};
		set(value);
		made.$input?.attr({ "aria-label": df.label || df.fieldname, dir: "auto" });
		return { set, focus: () => made.set_focus?.() };
	},
};
