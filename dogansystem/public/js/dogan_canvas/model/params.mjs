// Which editor a part of a schema gets, and with what a new step begins.

import { is_mapping } from "./graph.mjs";
import { doctype_of } from "./reach.mjs";

// Keys whose values name documents of a type, wherever an action has them.
const LINKS = {
	doctype: "DocType", user: "User", role: "Role", report: "Report", credential: "Dogan Credential", workflow: "Dogan Workflow",
	agent: "Dogan Agent", template: "Email Template", account: "Email Account", matrix: "Dogan Approval Matrix", run_as: "User",
}; // prettier-ignore
// As in a workflow's parameters.
const FORMATS = { user: "User", role: "Role", doctype: "DocType" };
const LONG = ["message", "text", "description", "html", "body", "csv", "json", "xml", "script"];
const DURATION = /\[dhms\]|d\\s\*\)/; // in the patterns of actions, and of the format
const ROWS_OF_FIELDS = ["values", "key"];

const types_of = (schema) => (Array.isArray(schema.type) ? schema.type : schema.type ? [schema.type] : []);

// `{kind, …}` for the value of `name`: link, people, filters, values, condition, choice, switch, number, duration, lines, list,
// object, long, text, or json for whatever has no editor of its own.
export function editor_of(name, schema, siblings = {}) {
	const types = types_of(schema);
	const properties = schema.properties || {};
	if (schema.format === "condition" || ["if", "that"].includes(name)) return { kind: "condition" };
	if (schema.enum) return { kind: "choice", choices: schema.enum };
	if (name === "for_each") return { kind: "text" };
	if (name === "field" && "doctype" in siblings) return { kind: "field" };
	if (properties.role && properties.field) return { kind: "people" };
	if (name === "filters" && "doctype" in siblings) return { kind: "filters" };
	if (ROWS_OF_FIELDS.includes(name) && types.includes("object")) return { kind: "values", fields: "doctype" in siblings };
	if (types.length === 1 && types[0] === "boolean") return { kind: "switch" };
	const doctype = link_of(name, schema);
	if (doctype && types.includes("string")) return { kind: "link", doctype };
	if (DURATION.test(schema.pattern || "")) return { kind: "duration", signed: schema.pattern.includes("(-") };
	if (types.length === 1 && ["integer", "number"].includes(types[0])) return { kind: "number", whole: types[0] === "integer" };
	if (types.includes("array")) return of_array(name, schema, types);
	if (types.length === 1 && types[0] === "object") return Object.keys(properties).length ? { kind: "object" } : { kind: "values", fields: false };
	if (types.includes("string")) return { kind: LONG.includes(name) || schema.format === "long" ? "long" : "text" };
	return { kind: "json" };
}

function of_array(name, schema, types) {
	const items = schema.items || {};
	const of_text = types_of(items).includes("string") && !items.properties;
	if (of_text || (!schema.items && types.includes("string"))) {
		return name === "fields" ? { kind: "fields" } : { kind: "lines" };
	}
	return items.properties ? { kind: "list" } : { kind: "json" };
}

function link_of(name, schema) {
	const format = schema.format || "";
	return FORMATS[format] || (format.startsWith("link:") ? format.slice("link:".length) : LINKS[name]);
}

// Params of a new step: about the document that starts the run, where the action is about one document.
export function skeleton(action, definition) {
	const properties = (is_mapping(action.schema) && action.schema.properties) || {};
	const needed = action.schema.required || [];
	const doctype = doctype_of(definition);
	if (!doctype || !needed.includes("doctype") || !("name" in properties)) return {};
	return { doctype, name: "{{ doc.name }}" };
}

// What a schema says, without the addresses of links in it.
export const plain = (text) => text.replace(/\[([^\]]+)\]\([^)]+\)/g, "$1");

// How params read in one line, for the list of actions and for a node.
export function summary_of(params) {
	if (!is_mapping(params)) return "";
	return Object.entries(params)
		.map(([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`)
		.join(" · ")
		.replace(/\{\{\s*|\s*\}\}/g, "");
}
