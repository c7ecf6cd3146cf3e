// What the parameters of a tool may be, as a person chooses it, and as agents/ai/bounds.py reads it.

export const ANYTHING = "*";
const is_mapping = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

const is_list = (value) => Array.isArray(value) && value.every((each) => each === null || typeof each !== "object");

// A bound as a kind and its value. Of `keys`, `inner` says which values some may have. `written`: what only JSON
// can say; it is kept as it is.
export function read(bound) {
	if (bound === undefined || bound === ANYTHING) return { kind: "any" };
	if (bound === null) return { kind: "omit" };
	if (Array.isArray(bound)) return is_list(bound) ? { kind: "one_of", value: bound } : { kind: "written", value: bound };
	if (!is_mapping(bound)) return { kind: "fixed", value: bound };
	if (bound.parties === true && Object.keys(bound).length === 1) return { kind: "parties" };
	const keys = Object.keys(bound);
	const lists = keys.filter((key) => is_list(bound[key]));
	if (!keys.every((key) => bound[key] === ANYTHING || is_list(bound[key]))) return { kind: "written", value: bound };
	return { kind: "keys", value: keys, inner: Object.fromEntries(lists.map((key) => [key, bound[key]])) };
}

// The bound of a kind and its value; undefined: none.
export function write({ kind, value, inner = {} }, schema = {}) {
	if (kind === "omit") return null;
	if (kind === "parties") return { parties: true };
	if (kind === "written") return value;
	if (kind === "keys") return value?.length ? Object.fromEntries(value.map((key) => [key, inner[key]?.length ? inner[key] : ANYTHING])) : undefined;
	if (kind === "one_of") return value?.length ? value.map((each) => typed(each, schema)) : undefined;
	if (kind === "fixed") return value === "" || value === undefined || value === null ? undefined : typed(value, schema);
	return undefined;
}

const types_of = (schema) => [].concat(schema?.type || []);

// Texts of a form as what the schema wants.
function typed(value, schema) {
	const types = [...types_of(schema), ...types_of(schema?.items)];
	if (typeof value !== "string") return value;
	if (types.includes("boolean") && ["true", "false"].includes(value)) return value === "true";
	const is_number = types.includes("integer") || types.includes("number");
	return is_number && value.trim() !== "" && !Number.isNaN(Number(value)) && !types.includes("string") ? Number(value) : value;
}

// In which ways a parameter may be bounded.
export function kinds_of(name, schema, { required = [], recipients = [] } = {}) {
	const types = types_of(schema);
	const found = ["any"];
	const is_scalar = !types.length || types.some((type) => ["string", "number", "integer", "boolean"].includes(type));
	if (is_scalar) found.push("fixed");
	if ((is_scalar && !types.every((type) => type === "boolean")) || types.includes("array")) found.push("one_of");
	if (types.includes("object")) found.push("keys");
	if (recipients.includes(name)) found.push("parties");
	if (!required.includes(name)) found.push("omit");
	return types.length === 1 && types[0] === "boolean" ? found.filter((kind) => kind !== "one_of") : found;
}

// The DocTypes that a tool is about, as far as its bounds say.
export function doctypes_of(params) {
	const { doctype } = params;
	if (Array.isArray(doctype)) return doctype;
	return typeof doctype === "string" && doctype !== ANYTHING ? [doctype] : [];
}

// What a bound says, in words that fit one and many. `label` of the parameter, `__` translates.
export function words(label, bound, __) {
	const { kind, value, inner = {} } = read(bound);
	if (kind === "any") return "";
	const shown = Array.isArray(value) ? value.join(", ") : kind === "written" ? JSON.stringify(value) : String(value);
	return {
		omit: () => __("{0}: left out", [label]),
		fixed: () => __("{0}: always {1}", [label, shown]),
		one_of: () => __("{0}: only {1}", [label, shown]),
		keys: () => __("{0}: only {1}", [label, value.map((key) => (inner[key] ? `${key} (${inner[key].join(", ")})` : key)).join(", ")]),
		parties: () => __("{0}: an address of the documents it was given", [label]),
		written: () => __("{0}: within {1}", [label, shown]),
	}[kind]();
}
