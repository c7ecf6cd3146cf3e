// A step under another id, with all that name it: `after`, and `steps.<id>` in templates.

import { index_of, is_mapping, split_ref, steps_of } from "./graph.mjs";

const EXPRESSIONS = ["if", "for_each", "that"]; // keys that may leave the braces out
// A part of a text between braces; inside one, a text in quotes or a name with what follows it.
const TEMPLATE = /\{\{[\s\S]*?\}\}|\{%[\s\S]*?%\}/g;
const TOKEN = /"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[A-Za-z_][\w]*|[\s\S]/g;

export function rename(definition, key, id) {
	const index = index_of(definition, key);
	const step = steps_of(definition)[index];
	if (!is_mapping(step) || step.id === id) return definition;
	const old = step.id;
	const changed = old && key === old ? in_value(definition, old, id, "") : definition;
	const steps = steps_of(changed).map((each, at) => {
		const named = at === index ? { ...each, id } : each;
		if (key !== old || !is_mapping(named) || !Array.isArray(named.after)) return named;
		const after = named.after.map((ref) => (typeof ref === "string" && split_ref(ref)[0] === old ? id + ref.slice(old.length) : ref));
		return after.every((ref, number) => ref === named.after[number]) ? named : { ...named, after };
	});
	return { ...changed, steps };
}

// A value with its templates changed; the same value where there is nothing to change.
function in_value(value, old, id, key) {
	if (typeof value === "string") {
		return EXPRESSIONS.includes(key) && !value.includes("{")
			? in_expression(value, old, id)
			: value.replace(TEMPLATE, (part) => in_expression(part, old, id));
	}
	if (Array.isArray(value)) {
		const list = value.map((each) => in_value(each, old, id, key));
		return list.some((each, index) => each !== value[index]) ? list : value;
	}
	if (!is_mapping(value)) return value;
	const entries = Object.entries(value).map(([name, each]) => [name, in_value(each, old, id, name)]);
	return entries.some(([name, each]) => each !== value[name]) ? Object.fromEntries(entries) : value;
}

function in_expression(text, old, id) {
	const tokens = text.match(TOKEN) || [];
	const solid = tokens.map((token, index) => (/\s/.test(token) && token.trim() === "" ? -1 : index)).filter((index) => index >= 0);
	solid.forEach((at, number) => {
		if (tokens[at] !== "steps" || tokens[solid[number - 1]] === ".") return;
		const [mark, name] = [solid[number + 1], solid[number + 2]];
		if (tokens[mark] === "." && tokens[name] === old) tokens[name] = id;
		if (tokens[mark] === "[" && [`"${old}"`, `'${old}'`].includes(tokens[name])) {
			tokens[name] = tokens[name][0] + id + tokens[name][0];
		}
	});
	return tokens.join("");
}
