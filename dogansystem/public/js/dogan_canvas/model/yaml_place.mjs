// Where a cursor stands in the YAML text of a workflow: below which keys, and what is being typed there.

export const ITEM = "-"; // in a path: one of a list

const KEY = /^("[^"]*"|'[^']*'|[\w.$-]+)\s*:(?:\s+(.*)|)$/;
const bare = (text) => text.replace(/^["']|["']$/g, "");

// A line as the indents of its dashes, the indent behind them, and what stands there: a key, or anything else.
function parts(line) {
	const dashes = [];
	let at = line.match(/^ */)[0].length;
	while (/^-( |$)/.test(line.slice(at))) {
		dashes.push(at);
		at += 1 + line.slice(at + 1).match(/^ */)[0].length;
	}
	const rest = line.slice(at).startsWith("#") ? "" : line.slice(at);
	const match = rest.match(KEY);
	return { dashes, indent: at, rest, key: match ? bare(match[1]) : "", value: match ? (match[2] || "").trim() : "" };
}

// `{path, beside, item, key, word}`: the keys that lead to the mapping or list; the keys in that mapping; the lines of the item of the
// outermost list; the key whose value is typed, or null where a key is typed; and as much of it as stands before the cursor.
export function place_of(text, row, column) {
	const lines = text.split("\n");
	const here = parts(lines[row].slice(0, column));
	const { path, beside, item } = around(lines, row, here);
	const flow = in_flow(here);
	if (flow) return { item, path: [...path, ...flow.path], beside: flow.path.length ? flow.beside : [...beside, ...flow.beside], key: flow.key, word: flow.word };
	if (here.key) return { path, beside, item, key: here.key, word: here.value };
	// One of a list of values: `- word`.
	const is_value = path[path.length - 1] === ITEM && !beside.length && here.dashes.length > 0;
	return { path, beside, item, key: null, word: here.rest, is_item: is_value };
}

function around(lines, row, here) {
	const path = [];
	const beside = new Set();
	let item = "";
	let limit = here.indent;
	let list = null; // the indent of the list whose key is looked for
	let is_inner = true;
	const enter = (dash, index) => {
		if (is_inner) for (const key of keys_below(lines, index, limit, row)) beside.add(key);
		is_inner = false;
		item = text_of_item(lines, index, dash);
		path.unshift(ITEM);
		list = dash;
	};
	for (const dash of [...here.dashes].reverse()) if (list === null) enter(dash, row);
	for (let index = row - 1; index >= 0; index--) {
		if (!lines[index].trim()) continue;
		const { key, dashes, indent } = parts(lines[index]);
		if (key && list !== null && indent <= list) {
			path.unshift(key);
			[limit, list] = [indent, null];
		} else if (key && list === null && indent < limit) {
			is_inner = false;
			path.unshift(key);
			limit = indent;
		} else if (key && list === null && is_inner && indent === limit) beside.add(key);
		for (const dash of [...dashes].reverse()) if (list === null && dash < limit) enter(dash, index);
	}
	return { path, beside: [...beside], item };
}

function text_of_item(lines, from, dash) {
	const end = lines.findIndex((line, index) => index > from && line.trim() && line.match(/^ */)[0].length <= dash);
	return lines.slice(from, end < 0 ? lines.length : end).join("\n");
}

function keys_below(lines, from, limit, but) {
	const found = [];
	for (let index = from; index < lines.length; index++) {
		const { key, indent, dashes } = parts(lines[index]);
		if (index > from && lines[index].trim() && (indent < limit || dashes.some((dash) => dash < limit))) break;
		if (key && indent === limit && index !== but) found.push(key);
	}
	return found;
}

// The same inside of brackets that are open at the end of a line; null if none are.
function in_flow({ rest }) {
	const open = [];
	let piece = "";
	let quote = "";
	for (const letter of rest) {
		if (quote || (/["']/.test(letter) && /(^|[\s:,{[])$/.test(piece))) {
			quote = quote && letter === quote ? "" : quote || letter;
			piece += letter;
		} else if ("{[".includes(letter) && (open.length || /(^|:\s*)$/.test(piece))) {
			const key = piece.match(/([\w.$-]+)["']?\s*:\s*$/);
			open.push({ kind: letter, key: key ? key[1] : null, beside: [] });
			piece = "";
		} else if ("}]".includes(letter) && open.length) {
			open.pop();
			piece = " ";
		} else if (letter === "," && open.length) {
			piece = "";
		} else {
			piece += letter;
			const key = piece.match(/^\s*([\w.$-]+)["']?:\s$/);
			if (key && open.length) open[open.length - 1].beside.push(key[1]);
		}
	}
	if (!open.length) return null;
	const path = open.flatMap(({ key }, index) => (key ? [key] : index ? [ITEM] : []));
	const { kind, beside } = open[open.length - 1];
	const typed = piece.trimStart();
	const match = kind === "{" && typed.match(/^([\w.$-]+)["']?:\s+(.*)$/);
	if (kind === "[") return { path, beside: [], key: path[path.length - 1] || "", word: typed };
	return match ? { path, beside, key: match[1], word: match[2] } : { path, beside, key: null, word: typed };
}
