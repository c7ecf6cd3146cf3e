// A definition as the fields of the form Dogan Workflow, and back. The same as engine/definitions/form.py, whose tables (which key is
// which field, what a field holds, what it shows for a key that is left out) come with `tables`.

import { is_mapping, steps_of, triggers_of } from "./graph.mjs";

// The text of a field that cannot be read as what the field holds. It goes back into the field as it is.
export class Unreadable {
	constructor(text) {
		this.text = text;
	}
	toJSON() {
		return this.text;
	}
}

const ROLE = "role:";
const MAY_BE_EMPTY = ["output", "input"];

// The form's fields with its rows `steps` and `triggers`; `lost` are the paths of what the form has no field for.
export function to_form(definition, tables) {
	const lost = [];
	const form = fields(definition, tables, "workflow", "", lost, ["steps", "triggers"]);
	form.steps = steps_of(definition).map((step, index) => {
		const row = fields(step, tables, "step", `steps[${index}]`, lost);
		return { ...row, starts: is_mapping(step) && Array.isArray(step.after) && !step.after.length ? 1 : 0 };
	});
	form.triggers = triggers_of(definition).map((trigger, index) => {
		const path = `triggers[${index}]`;
		const row = fields(trigger, tables, "trigger", path, lost);
		const kind = is_mapping(trigger) && tables.kinds[trigger.on];
		const odd = Object.keys(is_mapping(trigger) ? trigger : {}).filter((key) => !(kind && belongs(trigger, kind, key)));
		lost.push(...odd.filter((key) => key !== "on" && key in tables.trigger).map((key) => `${path}.${key}`));
		return row;
	});
	return { form, lost };
}

const belongs = (trigger, kind, key) =>
	key === "on" || (key in kind && (!kind[key] || trigger[kind[key][0]] === kind[key][1]));

function fields(source, tables, table, path, lost, except = []) {
	const row = {};
	const known = new Set(except);
	const from = is_mapping(source) ? source : {};
	if (from !== source) lost.push(path);
	for (const [key, field] of Object.entries(tables[table])) {
		const [outer, inner] = key.includes(".") ? key.split(".") : ["", key];
		const holder = outer ? (is_mapping(from[outer]) ? from[outer] : {}) : from;
		known.add(outer || key).add(key);
		row[field] = inner in holder ? shown(field, holder[inner], tables) : tables.defaults[field] ?? "";
	}
	for (const [key, value] of Object.entries(from)) {
		const place = path ? `${path}.${key}` : key;
		if (!known.has(key)) lost.push(place);
		else if (!(key in tables[table]) && !except.includes(key)) {
			const inner = is_mapping(value) ? Object.keys(value).filter((each) => !known.has(`${key}.${each}`)) : [""];
			lost.push(...inner.map((each) => (each ? `${place}.${each}` : place)));
		}
	}
	return row;
}

function shown(field, value, tables) {
	if (value instanceof Unreadable) return value.text;
	if (tables.json.includes(field) || (field === "for_each" && Array.isArray(value))) return JSON.stringify(value, null, 1);
	if (tables.values.includes(field)) return !value || String(value).startsWith('"') ? JSON.stringify(value) : value;
	if (field === "notify") {
		const people = Array.isArray(value) ? value : [value];
		return people.map((each) => (is_mapping(each) ? `${ROLE} ${each.role}` : each)).join("\n");
	}
	if (Array.isArray(value)) return value.join(", ");
	return typeof value === "boolean" ? Number(value) : value;
}

// The definition that a form's fields describe.
export function from_form(form, tables) {
	const data = keys(form, tables, "workflow", (key) => key);
	const triggers = (form.triggers || []).map((row) => trigger_of(row, tables));
	if (triggers.length) data.triggers = triggers;
	data.steps = (form.steps || []).map((row) => {
		const step = keys(row, tables, "step", (key) => key);
		return number(row.starts) && !("after" in step) ? { ...step, after: [] } : step;
	});
	return data;
}

function trigger_of(row, tables) {
	const kind = tables.kinds[row.kind || ""] || {};
	const goes_with = (only_with) => !only_with || row[tables.trigger[only_with[0]]] === only_with[1];
	return keys(row, tables, "trigger", (key) => key === "on" || (key in kind && goes_with(kind[key])));
}

function keys(row, tables, table, wanted) {
	const data = {};
	for (const [key, field] of Object.entries(tables[table])) {
		const value = wanted(key) ? value_of(field, row[field], tables) : undefined;
		if (value === undefined) continue;
		const [outer, inner] = key.includes(".") ? key.split(".") : ["", key];
		const holder = outer ? (data[outer] = data[outer] || {}) : data;
		holder[inner] = value;
	}
	return Object.fromEntries(Object.entries(data).filter(([key, value]) => MAY_BE_EMPTY.includes(key) || !is_empty(value)));
}

const is_empty = (value) => is_mapping(value) && !(value instanceof Unreadable) && !Object.keys(value).length;

// What a field holds; nothing for an empty one, and for one that shows what a key is that is left out.
export function value_of(field, value, tables) {
	const is_empty = value === undefined || value === null || value === "" || value === tables.defaults[field];
	return is_empty ? undefined : read(field, value, tables);
}

function read(field, value, tables) {
	if (tables.json.includes(field)) return json(value);
	if (tables.numbers.includes(field)) return number(value);
	if (field === "notify") return people(value);
	if (field === "for_each") return items(value);
	if (field === "after" || field === "retry_on" || tables.names.includes(field)) return names(value);
	if (field === "retry_jitter" || tables.flags.includes(field)) return Boolean(number(value));
	if (tables.values.includes(field)) return typeof value === "string" && value.startsWith('"') ? json(value) : value;
	return value;
}

function json(value) {
	// A lone template needs no quotes: JSON never begins like one.
	if (typeof value !== "string" || value.trimStart().startsWith("{{")) return value;
	try {
		return JSON.parse(value);
	} catch (error) {
		return new Unreadable(value);
	}
}

function items(value) {
	try {
		return String(value).trimStart().startsWith("[") ? JSON.parse(value) : value;
	} catch (error) {
		return value; // an expression that makes a list, such as [doc.owner, user]
	}
}

const number = (value) => (typeof value === "string" && /^\s*-*\d+\s*$/.test(value) ? parseInt(value, 10) : value);
const parts = (value, pattern) => String(value).split(pattern).map((part) => part.trim()).filter(Boolean);
const names = (value) => parts(value, /[,\n]/);
const people = (value) =>
	parts(value, "\n").map((line) => (line.toLowerCase().startsWith(ROLE) ? { role: line.slice(ROLE.length).trim() } : line));

// Whether two definitions, or parts of them, say the same; the order of keys does not count.
export function is_equal(one, other) {
	if (one === other) return true;
	if (one instanceof Unreadable || other instanceof Unreadable) return one?.text === other?.text && one?.text !== undefined;
	if (Array.isArray(one)) {
		return Array.isArray(other) && one.length === other.length && one.every((each, index) => is_equal(each, other[index]));
	}
	if (!is_mapping(one) || !is_mapping(other)) return false;
	const keys_of_one = Object.keys(one);
	return keys_of_one.length === Object.keys(other).length && keys_of_one.every((key) => key in other && is_equal(one[key], other[key]));
}
