// Conditions as rows (what, operator, value; all of them or any), and as the template underneath.
// Only what this file writes is read back as rows; any other template stays a template.

export const OPERATORS = ["==", "!=", ">", ">=", "<", "<=", "contains", "is set", "is not set"];

const PATH = "[A-Za-z_][\\w]*(?:\\.[A-Za-z_][\\w]*|\\[\\d+\\])*";
const VALUE = `"(?:\\\\.|[^"\\\\])*"|'[^'\\\\]*'|-?\\d+(?:\\.\\d+)?|true|false|${PATH}`;
const COMPARED = new RegExp(`^(${PATH}) (==|!=|>=|<=|>|<) (${VALUE})$`);
const CONTAINS = new RegExp(`^(${VALUE}) in (${PATH})$`);
const SET = new RegExp(`^(not )?(${PATH})$`);

// A value in a template that is one path: "{{ doc.name }}" → "doc.name"; otherwise null.
export function path_of(value) {
	const match = typeof value === "string" && value.match(new RegExp(`^\\{\\{\\s*(${PATH})\\s*\\}\\}$`));
	return match ? match[1] : null;
}

export const template_of = (path) => `{{ ${path} }}`;

export const has_template = (value) => typeof value === "string" && /\{[{%#]/.test(value);

// `{any, rows: [{path, operator, value}]}`, or null where the template says something that rows cannot.
export function rows_of(condition) {
	if (condition === undefined || condition === "") return { any: false, rows: [] };
	if (typeof condition !== "string") return null;
	const inner = condition.trim().match(/^\{\{([\s\S]*)\}\}$/);
	const text = (inner ? inner[1] : condition).trim();
	for (const word of [" and ", " or "]) {
		const rows = split(text, word).map(row_of);
		if (rows.every(Boolean)) return { any: word === " or ", rows };
	}
	return null;
}

// Parts of a text at a word that does not stand inside quotes.
function split(text, word) {
	const found = [""];
	for (const piece of text.match(/"(?:\\.|[^"\\])*"|'[^']*'|[^"']+|["']/g) || []) {
		const [first, ...rest] = /^["']/.test(piece) ? [piece] : piece.split(word);
		found[found.length - 1] += first;
		found.push(...rest);
	}
	return found.map((each) => each.trim());
}

function row_of(text) {
	let match = text.match(COMPARED);
	if (match) return { path: match[1], operator: match[2], value: literal(match[3]) };
	match = text.match(CONTAINS);
	if (match) return { path: match[2], operator: "contains", value: literal(match[1]) };
	match = text.match(SET);
	if (match && !["true", "false", "and", "or", "not"].includes(match[2])) {
		return { path: match[2], operator: match[1] ? "is not set" : "is set", value: "" };
	}
	return null;
}

function literal(text) {
	if (text.startsWith('"')) return JSON.parse(text);
	if (text.startsWith("'")) return text.slice(1, -1);
	if (text === "true" || text === "false") return text === "true";
	return /^-?\d/.test(text) ? Number(text) : template_of(text);
}

// The template of rows; undefined for none. Rows that name nothing yet are left out.
export function condition_of({ any, rows }) {
	const parts = rows.filter(({ path }) => path).map(({ path, operator, value }) => {
		if (operator === "is set") return path;
		if (operator === "is not set") return `not ${path}`;
		return operator === "contains" ? `${written(value)} in ${path}` : `${path} ${operator} ${written(value)}`;
	});
	return parts.length ? `{{ ${parts.join(any ? " or " : " and ")} }}` : undefined;
}

const written = (value) => path_of(value) || JSON.stringify(value ?? "");
