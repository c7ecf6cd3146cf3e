// Where somebody has put steps: `{key: [x, y]}`. Only what was moved by hand is kept; all else is laid out.

import { is_mapping } from "./graph.mjs";

const is_position = (value) => Array.isArray(value) && value.length === 2 && value.every(Number.isFinite);

// Positions out of the text in which a form keeps them; what cannot be read is none.
export function read(text) {
	try {
		const found = JSON.parse(text || "{}");
		return is_mapping(found) ? Object.fromEntries(Object.entries(found).filter(([, value]) => is_position(value))) : {};
	} catch {
		return {};
	}
}

// The text for a form, of the steps that there are; empty for none.
export function write(positions, keys) {
	const kept = Object.entries(positions).filter(([key]) => keys.includes(key));
	return kept.length ? JSON.stringify(Object.fromEntries(kept)) : "";
}

// The places of a layout, `at`, with the steps where they were put; the plus behind a step comes along with it.
export function placed(at, nodes, edges, positions) {
	const found = { ...at };
	for (const node of nodes) {
		const position = node.type === "step" && positions[node.data.key];
		if (!position) continue;
		const [x, y] = position;
		for (const edge of edges) {
			if (edge.source !== node.id || !edge.data.open) continue;
			const plus = at[edge.target];
			found[edge.target] = { x: plus.x + x - at[node.id].x, y: plus.y + y - at[node.id].y };
		}
		found[node.id] = { x, y };
	}
	return found;
}

// A step has another name now.
export function renamed(positions, old, key) {
	if (!(old in positions)) return positions;
	const { [old]: position, ...rest } = positions;
	return { ...rest, [key]: position };
}
