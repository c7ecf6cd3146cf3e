// What may be written at a place of a workflow's YAML: keys, actions, values, the ids of steps, from the schemas of the format.

import { branches_of, is_mapping, ref_of } from "./graph.mjs";
import { ITEM, place_of } from "./yaml_place.mjs";

// `[{value, caption, about, needed}]` for the text that ends at a row and column, from 0; `value` takes the place of `word` before it.
// `definition` is the text as it could last be read: its steps are named.
export function completions(text, row, column, vocabulary, definition) {
	const before = text.split("\n")[row].slice(0, column);
	if (/^\s*#/.test(before)) return [];
	const template = before.match(/\{\{[^}]*\bsteps\.(\w*)$/);
	if (template) return offered(steps_of(text, definition).map(({ id, title }) => entry(id, title)), template[1]);
	const place = place_of(text, row, column);
	const key = place.is_item ? place.path[place.path.length - 2] : place.key;
	const values = key === null ? [] : values_of(place, key, vocabulary, text, definition);
	// An item of a list is a value, or begins with a key.
	const keys = place.key === null && !values.length ? keys_of(place, vocabulary) : [];
	return offered([...values, ...keys], place.word);
}

const entry = (value, about = "", needed = false) => ({ value: String(value), caption: String(value), about: about || "", needed });

function offered(entries, word) {
	const wanted = word.toLowerCase().replace(/^["']/, "");
	const fits = entries.filter(({ caption }) => caption.toLowerCase().includes(wanted) && caption.toLowerCase() !== wanted);
	const first = ({ caption }) => !caption.toLowerCase().startsWith(wanted);
	const sorted = [...fits].sort((one, other) => first(one) - first(other) || other.needed - one.needed);
	return sorted.map((each) => ({ ...each, word }));
}

function keys_of(place, vocabulary) {
	const schema = schema_at(place, vocabulary);
	const needed = schema.required || [];
	return Object.entries(schema.properties || {})
		.filter(([name]) => !place.beside.includes(name))
		.map(([name, each]) => ({ ...entry(name, each.description, needed.includes(name)), value: `${name}: ` }));
}

function values_of(place, key, vocabulary, text, definition) {
	const kind = place.path[0];
	const is_in_step = kind === "steps" && place.path[1] === ITEM;
	if (is_in_step && key === "after") return refs(text, definition, vocabulary).map(([ref, title]) => entry(ref, title));
	if (is_in_step && key === "action" && !place.path.includes("params")) return vocabulary.actions.map(({ name, summary }) => entry(name, summary));
	if (kind === "triggers" && key === "on" && place.path.length === 2) {
		return Object.entries(vocabulary.triggers).map(([on, { properties }]) => entry(on, properties.on?.description));
	}
	const schema = schema_at(place, vocabulary).properties?.[key] || {};
	const one = { ...schema, ...(is_mapping(schema.items) ? schema.items : {}) };
	const choices = one.enum || (one.anyOf || []).flatMap((each) => each.enum || []);
	const types = [].concat(one.type || []);
	return [...choices, ...(types.includes("boolean") ? [true, false] : [])].map((each) => entry(each));
}

// The schema of the mapping that a path leads to.
function schema_at({ path, item }, vocabulary) {
	let schema = { properties: vocabulary.workflow, required: ["name", "steps"] };
	path.forEach((part, index) => {
		const [list, before] = [path[0], path[index - 1]];
		if (part === ITEM && index === 1 && list === "steps") schema = { properties: vocabulary.step, required: ["id", "action"] };
		else if (part === ITEM && index === 1 && list === "triggers") schema = of_trigger(item, vocabulary);
		else if (part === "params" && list === "steps" && [ITEM, "compensate"].includes(before)) schema = of_params(item, before, vocabulary);
		else schema = (part === ITEM ? schema.items : schema.properties?.[part] || schema.additionalProperties) || {};
		if (!is_mapping(schema)) schema = {};
	});
	return schema;
}

function of_trigger(item, { triggers }) {
	const on = item.match(/\bon:\s*["']?(\w+)/);
	return (on && triggers[on[1]]) || { properties: { on: {} }, required: ["on"] };
}

function of_params(item, before, { actions }) {
	const from = before === "compensate" ? item.slice(item.search(/\bcompensate:/)) : item;
	const name = from.match(/\baction:\s*["']?([\w.]+)/);
	return actions.find((each) => name && each.name === name[1])?.schema || {};
}

// The steps by the text as it stands: while one types it can often not be read.
function steps_of(text, definition) {
	const read = (Array.isArray(definition?.steps) ? definition.steps : []).filter(is_mapping);
	const written = [...text.matchAll(/^\s*-\s+(?:\{\s*)?id:\s*["']?([A-Za-z_]\w*)/gm)].map(([, id]) => id);
	return [...new Set(written)].map((id) => read.find((step) => step.id === id) || { id });
}

function refs(text, definition, { actions }) {
	return steps_of(text, definition).flatMap((step) => [
		[step.id, step.title],
		...branches_of(step, actions).map((branch) => [ref_of(step.id, branch), step.title]),
	]);
}
