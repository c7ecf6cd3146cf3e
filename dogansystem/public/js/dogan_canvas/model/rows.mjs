// Fields with values, and filters, as rows; and the schema of a value from what Frappe knows of its field.

import { is_mapping } from "./graph.mjs";

export const FILTER_OPERATORS = ["=", "!=", ">", "<", ">=", "<=", "like", "not like", "in", "not in", "is", "between"];
const NUMBERS = { Int: "integer", Float: "number", Currency: "number", Percent: "number" };
const LONG = ["Small Text", "Text", "Long Text", "Text Editor", "HTML Editor", "Markdown Editor", "Code"];

export function rows_of_mapping(value) {
	if (value === undefined || value === null) return [];
	return is_mapping(value) ? Object.entries(value).map(([field, each]) => ({ field, operator: "=", value: each })) : null;
}

// Rows that name no field yet are left out, and so are all but the last of those that name the same one.
export function mapping_of(rows) {
	const named = rows.filter((row) => row.field && row.value !== undefined);
	return named.length ? Object.fromEntries(named.map((row) => [row.field, row.value])) : undefined;
}

// Rows of filters in one of Frappe's two forms; null where they are anything else.
export function rows_of_filters(filters) {
	if (filters === undefined || filters === null) return [];
	const listed = is_mapping(filters)
		? Object.entries(filters).map(([field, value]) => (Array.isArray(value) ? [field, ...value] : [field, "=", value]))
		: filters;
	if (!Array.isArray(listed)) return null;
	const rows = listed.map((each) => {
		const fits = Array.isArray(each) && each.length === 3 && typeof each[0] === "string" && FILTER_OPERATORS.includes(each[1]);
		return fits ? { field: each[0], operator: each[1], value: each[2] } : null;
	});
	return rows.every(Boolean) ? rows : null;
}

// Filters in the form that `before` had; as a mapping where there was none and no field stands twice.
export function filters_of(rows, before) {
	const named = rows.filter((row) => row.field && row.value !== undefined);
	if (!named.length) return undefined;
	const is_once = new Set(named.map((row) => row.field)).size === named.length;
	if (Array.isArray(before) || !is_once) return named.map(({ field, operator, value }) => [field, operator, value]);
	const short = ({ operator, value }) => operator === "=" && !Array.isArray(value);
	return Object.fromEntries(named.map((row) => [row.field, short(row) ? row.value : [row.operator, row.value]]));
}

export function schema_of_field(field) {
	if (!field) return { type: ["string", "number"] };
	const { fieldtype, options } = field;
	if (fieldtype === "Link" && options) return { type: "string", format: `link:${options}` };
	if (fieldtype === "Select" && options) return { type: "string", enum: String(options).split("\n").filter(Boolean) };
	if (fieldtype === "Check") return { type: "integer", enum: [1, 0] };
	if (NUMBERS[fieldtype]) return { type: NUMBERS[fieldtype] };
	if (LONG.includes(fieldtype)) return { type: "string", format: "long" };
	return { type: "string" };
}

export function schema_of_operator(operator, field) {
	if (operator === "is") return { type: "string", enum: ["set", "not set"] };
	if (operator === "in" || operator === "not in") return { type: "array", items: { type: "string" } };
	if (operator === "between") return {};
	return operator.includes("like") ? { type: "string" } : schema_of_field(field);
}
