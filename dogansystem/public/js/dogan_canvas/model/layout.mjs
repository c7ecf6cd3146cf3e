// Positions of nodes: in layers from above to below, each as near below what it follows as there is room.
// Steps stay in the order of the definition where nothing speaks against it, so that the picture keeps still while one edits.

const GAP = { x: 40, y: 76 };
const SWEEPS = 4;

// Positions by the ids of nodes ({id, width, height}) for edges ({source, target}); the middle of the picture is at x = 0.
export function layout(nodes, edges) {
	const places = new Map(nodes.map((node) => [node.id, { ...node, up: [], down: [], x: 0 }]));
	const known = edges.filter((edge) => places.has(edge.source) && places.has(edge.target));
	const rank = ranks(nodes, known);
	const layers = [];
	const put = (place, at) => (layers[at] = layers[at] || []).push(place);
	for (const node of nodes) put(places.get(node.id), rank.get(node.id));
	for (const { source, target } of known) join(places.get(source), places.get(target), rank, put);
	for (let sweep = 0; sweep < SWEEPS; sweep++) order(layers, sweep % 2 ? "down" : "up");
	for (const layer of layers) spread(layer, () => 0);
	for (let sweep = 0; sweep < SWEEPS * 2; sweep++) align(layers, sweep % 2 ? "up" : "down");
	return positions(layers);
}

// How many edges are on the longest way to each node. An edge that closes a circle does not count.
function ranks(nodes, edges) {
	const into = new Map(nodes.map(({ id }) => [id, []]));
	for (const { source, target } of edges) into.get(target).push(source);
	const found = new Map();
	const look = (id, path) => {
		if (found.has(id)) return found.get(id);
		path.add(id);
		const above = into.get(id).filter((each) => !path.has(each)).map((each) => look(each, path) + 1);
		path.delete(id);
		found.set(id, Math.max(0, ...above));
		return found.get(id);
	};
	for (const { id } of nodes) look(id, new Set());
	return found;
}

// Connect two nodes by way of a thin place in each layer between them, so that nothing else stands there.
function join(source, target, rank, put) {
	let above = source;
	for (let at = rank.get(source.id) + 1; at < rank.get(target.id); at++) {
		const thin = { width: 8, height: 0, up: [], down: [], x: 0 };
		put(thin, at);
		link(above, thin);
		above = thin;
	}
	link(above, target);
}

function link(above, below) {
	above.down.push(below);
	below.up.push(above);
}

function order(layers, side) {
	for (const layer of side === "up" ? layers : [...layers].reverse()) {
		const wanted = new Map(layer.map((place, at) => [place, mean(place[side].map((each) => each.at)) ?? place.at ?? at]));
		layer.sort((one, other) => wanted.get(one) - wanted.get(other));
		layer.forEach((place, at) => (place.at = at - layer.length / 2));
	}
}

const mean = (numbers) => {
	const known = numbers.filter((each) => each !== undefined);
	return known.length ? known.reduce((sum, each) => sum + each, 0) / known.length : undefined;
};

function align(layers, side) {
	for (const layer of side === "up" ? layers : [...layers].reverse()) {
		spread(layer, (place) => mean(place[side].map((each) => each.x)) ?? place.x);
	}
}

// Put a layer's places where they want to be, as near as their widths allow: least squares by pooling neighbours that collide.
function spread(layer, wish) {
	let width = 0;
	const groups = [];
	for (const place of layer) {
		width += place.width / 2;
		const offset = width;
		width += place.width / 2 + GAP.x;
		groups.push({ sum: wish(place) - offset, places: [[place, offset]] });
		while (groups.length > 1 && value(groups[groups.length - 2]) > value(groups[groups.length - 1])) {
			const last = groups.pop();
			const before = groups[groups.length - 1];
			before.sum += last.sum;
			before.places.push(...last.places);
		}
	}
	for (const group of groups) for (const [place, offset] of group.places) place.x = value(group) + offset;
}

const value = ({ sum, places }) => sum / places.length;

function positions(layers) {
	const found = {};
	let y = 0;
	for (const layer of layers) {
		for (const place of layer) if (place.id) found[place.id] = { x: Math.round(place.x - place.width / 2), y };
		y += Math.max(...layer.map((place) => place.height)) + GAP.y;
	}
	return found;
}
