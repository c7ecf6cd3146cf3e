// A definition as a graph: what the canvas draws. Read only; `edit.mjs` changes definitions.
// A definition may be half written: whatever is not as the format wants it keeps its place and breaks nothing.

export const is_mapping = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

export const steps_of = (definition) => (Array.isArray(definition.steps) ? definition.steps : []);
export const triggers_of = (definition) => (Array.isArray(definition.triggers) ? definition.triggers : []);

// "ok.approved" → ["ok", "approved"]; "ok" → ["ok", ""].
export function split_ref(ref) {
	const dot = ref.indexOf(".");
	return dot < 0 ? [ref, ""] : [ref.slice(0, dot), ref.slice(dot + 1)];
}

export const ref_of = (id, branch) => (branch ? `${id}.${branch}` : id);

const id_of = (step) => (is_mapping(step) && typeof step.id === "string" ? step.id : "");

// What each step waits for: its `after`, or else the step before it in the list.
export function afters_of(steps) {
	return steps.map((step, index) => {
		if (!is_mapping(step)) return [];
		if ("after" in step) return Array.isArray(step.after) ? step.after : [];
		const before = index ? id_of(steps[index - 1]) : "";
		return before ? [before] : [];
	});
}

// A name for each step that is different from all others: its id, or its place where the id is missing or taken.
export function keys_of(steps) {
	const seen = new Set();
	return steps.map((step, index) => {
		const id = id_of(step);
		const key = id && !seen.has(id) ? id : `#${index}`;
		seen.add(key);
		return key;
	});
}

export const index_of = (definition, key) => keys_of(steps_of(definition)).indexOf(key);

// The ways in which a step may end, if it can end in several; one with `for_each` has no branches of its own.
export function branches_of(step, actions) {
	if (!is_mapping(step) || "for_each" in step) return [];
	const action = actions.find((each) => each.name === step.action);
	if (!action) return [];
	const cases = action.branches_from && is_mapping(step.params) ? step.params[action.branches_from] : null;
	const named = Array.isArray(cases) ? cases.map((each) => is_mapping(each) && each.name) : [];
	return [...new Set([...named.filter((name) => typeof name === "string" && name), ...action.branches])];
}

// The edges between steps: `ref` as it is written in `after`, `source` and `target` as keys.
export function edges_of(definition) {
	const steps = steps_of(definition);
	const keys = keys_of(steps);
	const known = new Set(keys);
	return afters_of(steps).flatMap((after, index) =>
		after
			.filter((ref) => typeof ref === "string" && known.has(split_ref(ref)[0]))
			.map((ref) => {
				const [source, branch] = split_ref(ref);
				return { source, target: keys[index], ref, branch, when: steps[index].when || "succeeded" };
			})
	);
}

// The steps that are finished before a step starts, the nearest first.
export function before(definition, key) {
	const edges = edges_of(definition);
	const found = [];
	const seen = new Set([key]);
	const into = grouped(edges, ({ target }) => target);
	const look = [key];
	for (const target of look) {
		for (const { source } of into.get(target) || []) {
			if (seen.has(source)) continue;
			seen.add(source);
			found.push(source);
			look.push(source);
		}
	}
	return found;
}

const SIZES = { trigger: [220, 56], start: [170, 36], step: [240, 64], place: [28, 28] };

// Nodes and edges to draw. Nodes are triggers, steps, the `start` (where a trigger is added), and places: where a step can be
// added at the end of a path. `place` of an edge or place says where a new step goes: see `add` in edit.mjs.
export function graph_of(definition, actions, read_only = false) {
	const steps = steps_of(definition);
	const keys = keys_of(steps);
	const edges = edges_of(definition);
	const into = grouped(edges, ({ target }) => target);
	const nodes = [];
	const lines = [];
	const node = (id, type, data) => {
		nodes.push({ id, type, width: SIZES[type][0], height: SIZES[type][1], data });
	};
	const line = (source, target, data) => lines.push({ id: `${source}→${target}:${data.ref || ""}`, source, target, data });

	const roots = triggers_of(definition).map((trigger, index) => {
		node(`trigger:${index}`, "trigger", { trigger, index });
		return `trigger:${index}`;
	});
	if (!read_only || !roots.length) node("start", "start", { alone: !roots.length });
	if (!roots.length) roots.push("start");

	const begins = keys.filter((key) => !into.has(key));
	steps.forEach((step, index) => node(`step:${keys[index]}`, "step", { step, index, key: keys[index] }));
	for (const key of begins) {
		roots.forEach((root, number) =>
			line(root, `step:${key}`, { place: number ? null : { ref: null, to: key }, ref: "", branch: "", when: "" })
		);
	}
	// One line for all branches that lead to the same step.
	for (const all of grouped(edges, ({ source, target }) => `${source}>${target}`).values()) {
		const { source, target, when } = all[0];
		const refs = all.map((edge) => edge.ref);
		const alone = into.get(target).every((edge) => edge.source === source);
		const branch = all.map((edge) => edge.branch).filter(Boolean).join(", ");
		line(`step:${source}`, `step:${target}`, { ref: refs[0], refs, branch, when, key: target, alone, place: { ref: refs[0], refs, to: target } });
	}
	if (!read_only) add_places(steps, keys, edges, actions, roots, node, line);
	return { nodes, edges: lines };
}

function grouped(edges, by) {
	const found = new Map();
	for (const edge of edges) {
		const key = by(edge);
		if (found.has(key)) found.get(key).push(edge);
		else found.set(key, [edge]);
	}
	return found;
}

function add_places(steps, keys, edges, actions, roots, node, line) {
	const place = (source, ref, branch) => {
		const id = `place:${ref || ""}`;
		node(id, "place", { place: { ref }, ref, branch });
		line(source, id, { branch, ref: "", when: "", place: null, open: true });
	};
	if (!steps.length) place(roots[0], null, "");
	const out = grouped(edges, ({ source }) => source);
	steps.forEach((step, index) => {
		const key = keys[index];
		if (!is_mapping(step) || key.startsWith("#") || step.action === "flow.stop") return;
		const used = (out.get(key) || []).map((edge) => edge.branch);
		const branches = branches_of(step, actions);
		if (!branches.length && !used.length) place(`step:${key}`, key, "");
		for (const branch of branches.filter((each) => !used.includes(each))) {
			place(`step:${key}`, ref_of(key, branch), branch);
		}
	});
}
