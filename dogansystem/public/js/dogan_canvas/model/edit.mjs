// Changes of a definition. Each takes one and gives a new one; the old one, and all parts that are not changed, stay as they are.

import { afters_of, edges_of, index_of, is_mapping, keys_of, split_ref, steps_of, triggers_of } from "./graph.mjs";

// Change the list of steps with what each waits for written out. A step that named nothing keeps doing so where the step before
// it in the list is still the one it waits for.
function rewire(definition, change) {
	const steps = steps_of(definition);
	const keys = keys_of(steps);
	const afters = afters_of(steps);
	const items = steps.map((step, index) => ({
		step,
		key: keys[index],
		after: afters[index],
		was: afters[index],
		implicit: is_mapping(step) && !("after" in step),
	}));
	change(items);
	return { ...definition, steps: items.map((item, index) => written(item, items[index - 1])) };
}

function written({ step, after, was, implicit }, before) {
	const id = before && is_mapping(before.step) && typeof before.step.id === "string" ? before.step.id : "";
	const expected = id ? [id] : [];
	if (after === was && !implicit) return step;
	if (same(after, expected)) {
		if (implicit) return step;
		const { after: dropped, ...rest } = step;
		return rest;
	}
	return with_key(step, "after", after, ["id", "title"]);
}

const same = (one, other) => one.length === other.length && one.every((each, index) => each === other[index]);

// A new key stands behind those of `behind` that there are; one that is there keeps its place.
function with_key(mapping, key, value, behind) {
	if (key in mapping) return { ...mapping, [key]: value };
	const first = Object.fromEntries(behind.filter((each) => each in mapping).map((each) => [each, mapping[each]]));
	return { ...first, [key]: value, ...Object.fromEntries(Object.entries(mapping).filter(([each]) => !(each in first))) };
}

const is_of = (ref, id) => typeof ref === "string" && split_ref(ref)[0] === id;

// Names without those that stand twice, or with a branch beside the same step without one.
function tidy(refs) {
	const once = [...new Set(refs)];
	return once.filter((ref) => typeof ref !== "string" || !split_ref(ref)[1] || !once.includes(split_ref(ref)[0]));
}

// Add a step at a place: `{ref, to}` on the edge from `ref` (null: the start) to the step `to`, `{ref}` behind `ref` alone. `refs`: all
// branches that lead there, where it is more than one.
export function add(definition, place, step) {
	return rewire(definition, (items) => {
		const after = place.refs || (place.ref ? [place.ref] : []);
		const item = { step, key: step.id, after, was: null, implicit: false };
		const target = place.to === undefined ? -1 : items.findIndex((each) => each.key === place.to);
		if (target < 0) return items.splice(end_of(items, place.ref), 0, item);
		const next = items[target];
		next.after = after.length ? tidy(next.after.map((ref) => (after.includes(ref) ? step.id : ref))) : [step.id];
		items.splice(target, 0, item);
	});
}

// Behind the step that `ref` names and all that follow from it: no step there relies on its place in the list.
function end_of(items, ref) {
	const [id] = ref ? split_ref(ref) : [""];
	const start = items.findIndex((item) => item.key === id);
	if (start < 0) return items.length;
	const family = new Set([id]);
	let last = start;
	for (let grown = true; grown; ) {
		grown = false;
		items.forEach((item, index) => {
			const follows = !family.has(item.key) && item.after.some((each) => [...family].some((key) => is_of(each, key)));
			if (!follows) return;
			family.add(item.key);
			last = Math.max(last, index);
			grown = true;
		});
	}
	return last + 1;
}

// Take a step out. What waited for it waits for what it waited for.
export function remove(definition, key) {
	return rewire(definition, (items) => {
		const index = items.findIndex((item) => item.key === key);
		if (index < 0) return;
		const [gone] = items.splice(index, 1);
		for (const item of items) {
			if (!item.after.some((ref) => is_of(ref, key))) continue;
			item.after = tidy(item.after.flatMap((ref) => (is_of(ref, key) ? gone.after : [ref])));
		}
	});
}

// Take a step out and add it at another place. Its own edges, and places behind it, are no other place.
export function move(definition, key, place) {
	const is_own = place.to === key || (place.ref && is_of(place.ref, key)); // a line has one source
	const step = steps_of(definition)[index_of(definition, key)];
	if (is_own || !is_mapping(step)) return definition;
	const { after, ...rest } = step;
	return add(remove(definition, key), place, rest);
}

// Where a step goes that follows `key`: on its only edge, or else beside what follows.
export function place_after(definition, key) {
	const out = edges_of(definition).filter((edge) => edge.source === key);
	const is_one = out.length && out.every((edge) => edge.target === out[0].target);
	return is_one ? { ref: out[0].ref, refs: out.map((edge) => edge.ref), to: out[0].target } : { ref: key };
}

// Let the step `key` wait for `ref` too. Nothing happens where it does already, or would wait for itself in a circle.
export function connect(definition, ref, key) {
	const [source] = split_ref(ref);
	if (source === key || leads_to(edges_of(definition), key, source)) return definition;
	return rewire(definition, (items) => {
		const item = items.find((each) => each.key === key);
		if (item && !item.after.includes(ref)) item.after = tidy([...item.after, ref]);
	});
}

function leads_to(edges, from, to) {
	const seen = new Set([from]);
	for (const key of seen) edges.filter((edge) => edge.source === key).forEach((edge) => seen.add(edge.target));
	return seen.has(to);
}

// Let the step `key` no longer wait for `refs`; waiting for nothing, it starts with the run.
export function disconnect(definition, refs, key) {
	return rewire(definition, (items) => {
		const item = items.find((each) => each.key === key);
		if (item) item.after = item.after.filter((each) => !refs.includes(each));
	});
}

// Families whose verbs say little by themselves: `email.send` is called email.
const BY_FAMILY = ["email", "notify", "http", "report", "script", "method"];

// An id that no step has: what the action does, with a number if it is taken.
export function free_id(definition, wanted) {
	const ids = new Set(steps_of(definition).map((step) => is_mapping(step) && step.id));
	const [family, verb] = String(wanted).split(".");
	const base = (BY_FAMILY.includes(family) || !verb ? family : verb).replace(/[^A-Za-z0-9_]/g, "_").replace(/^(?![A-Za-z_])/, "s") || "step";
	for (let number = 1; ; number++) {
		const id = number === 1 ? base : `${base}_${number}`;
		if (!ids.has(id)) return id;
	}
}

// A mapping with one value set, or without it if the value is undefined.
export function put(mapping, key, value) {
	if (value !== undefined) return { ...mapping, [key]: value };
	const { [key]: dropped, ...rest } = mapping;
	return rest;
}

export function set_step(definition, key, step) {
	const index = index_of(definition, key);
	return { ...definition, steps: steps_of(definition).map((each, at) => (at === index ? step : each)) };
}

export function add_trigger(definition, trigger) {
	return { ...definition, triggers: [...triggers_of(definition), trigger] };
}

export function set_trigger(definition, index, trigger) {
	return { ...definition, triggers: triggers_of(definition).map((each, at) => (at === index ? trigger : each)) };
}

export function remove_trigger(definition, index) {
	const triggers = triggers_of(definition).filter((each, at) => at !== index);
	return put(definition, "triggers", triggers.length ? triggers : undefined);
}
