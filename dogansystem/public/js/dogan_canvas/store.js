// What the canvas and the panel share: the definition and its history, what is selected, what is wrong with it.

import { inject, shallowReactive } from "vue";
import * as edit from "./model/edit.mjs";
import { branches_of, graph_of, index_of, is_mapping, steps_of, triggers_of } from "./model/graph.mjs";
import { History } from "./model/history.mjs";
import { skeleton } from "./model/params.mjs";
import { renamed } from "./model/positions.mjs";
import { doctype_of, doctypes_of, reach } from "./model/reach.mjs";
import { rename } from "./model/rename.mjs";

const CHECK_AFTER = 600; // milliseconds without a change

const MAX_SAMPLE = 30; // characters

export const use_store = () => inject("store");

// `host` is what the canvas lives in: see desk.js. `on_change(definition)` hears of every edit, `on_place(positions)` of every step
// that is put somewhere else. Both are undone in the order in which they were done. `on_try(id)` tries one step; null: not here.
export class Store {
	constructor(host, vocabulary, { definition, positions = {}, read_only = false, on_change = () => {}, on_place = () => {}, on_try = null }) {
		const history = new History({ definition, positions });
		Object.assign(this, { host, vocabulary, on_change, on_place, on_try, history, checks: 0, loading: new Set() });
		this.state = shallowReactive({
			definition,
			positions,
			read_only,
			selected: "workflow",
			picking: null, // the place that a step is chosen for, or "trigger", or {replace: key}
			clipboard: null,
			problems: [],
			samples: {}, // what the newest run had
			fields: {}, // of DocTypes, as far as they are loaded
			run: null,
			marks: {}, // of nodes that are different in another version: added, removed, changed
			open: false, // whether the panel is shown where there is no room beside the canvas
			saved: false, // whether the name stays as it is
		});
		this.load_fields();
		if (steps_of(definition).length) this.check_soon(); // nothing is wrong with what nobody has begun
	}

	get actions() {
		return this.vocabulary.actions;
	}

	action(name) {
		return this.actions.find((each) => each.name === name);
	}

	graph() {
		return graph_of(this.state.definition, this.actions, this.state.read_only);
	}

	// The definition as something else has changed it: the form, or YAML. It can be undone as well.
	replace(definition) {
		this.history.push({ definition, positions: this.state.positions });
		this.show(definition);
	}

	change(next, tag = "", positions = this.state.positions) {
		if (this.state.read_only || next === this.state.definition) return;
		this.history.push({ definition: next, positions }, tag);
		this.set_positions(positions);
		this.show(next);
		this.on_change(next);
	}

	// Put a step somewhere; without any, let all be laid out again.
	place(key = null, position = null) {
		if (this.state.read_only) return;
		const positions = key === null ? {} : { ...this.state.positions, [key]: position };
		this.history.push({ definition: this.state.definition, positions });
		this.set_positions(positions);
	}

	set_positions(positions) {
		if (positions === this.state.positions) return;
		this.state.positions = positions;
		this.on_place(positions);
	}

	show(definition) {
		this.state.definition = definition;
		if (!this.exists(this.state.selected)) this.state.selected = "workflow";
		this.load_fields();
		this.check_soon();
	}

	exists(selected) {
		const [kind, key] = this.parts(selected);
		if (kind === "step") return index_of(this.state.definition, key) >= 0;
		return kind === "trigger" ? Number(key) < triggers_of(this.state.definition).length : true;
	}

	parts(selected) {
		const colon = selected.indexOf(":");
		return colon < 0 ? [selected, ""] : [selected.slice(0, colon), selected.slice(colon + 1)];
	}

	undo() {
		this.after_history(this.history.undo());
	}

	redo() {
		this.after_history(this.history.redo());
	}

	after_history({ definition, positions }) {
		this.set_positions(positions);
		if (definition === this.state.definition) return;
		this.show(definition);
		this.on_change(definition);
	}

	select(id) {
		this.state.picking = null;
		this.state.selected = id;
		this.state.open = id !== "workflow";
	}

	pick(place) {
		if (this.state.read_only) return;
		this.state.picking = place;
		this.state.open = true;
	}

	// The step that is selected, or null.
	step() {
		const [kind, key] = this.parts(this.state.selected);
		const step = kind === "step" ? steps_of(this.state.definition)[index_of(this.state.definition, key)] : null;
		return is_mapping(step) ? step : null;
	}

	key() {
		const [kind, key] = this.parts(this.state.selected);
		return kind === "step" ? key : null;
	}

	add_step(action) {
		const place = this.state.picking;
		const { definition } = this.state;
		if (place.replace) return this.replace_action(place.replace, action);
		const id = edit.free_id(definition, action.name);
		this.change(edit.add(definition, place, { id, action: action.name, params: skeleton(action, definition) }));
		this.is_new = true; // the panel puts the cursor where something is missing
		this.select(`step:${id}`);
	}

	// What the new action has no parameter for is left out; one that takes any name keeps all.
	replace_action(key, action) {
		const step = steps_of(this.state.definition)[index_of(this.state.definition, key)];
		const known = action.schema.properties || {};
		const params = Object.entries(step.params || {}).filter(([name]) => name in known || action.schema.additionalProperties === true);
		const skeleton_of_new = skeleton(action, this.state.definition);
		this.set_step(key, { ...step, action: action.name, params: { ...skeleton_of_new, ...Object.fromEntries(params) } });
		this.select(`step:${key}`);
	}

	add_trigger(kind) {
		const { definition } = this.state;
		this.change(edit.add_trigger(definition, { on: kind }));
		this.select(`trigger:${triggers_of(definition).length}`);
	}

	set_step(key, step, tag = "") {
		this.change(edit.set_step(this.state.definition, key, step), tag);
	}

	rename(key, id) {
		if (!id || index_of(this.state.definition, id) >= 0) return;
		const next = rename(this.state.definition, key, id);
		const selected = this.state.selected === `step:${key}`;
		this.change(next, "", renamed(this.state.positions, key, id));
		if (selected) this.select(`step:${id}`);
	}

	remove(id = this.state.selected) {
		const [kind, key] = this.parts(id);
		if (kind === "step") this.change(edit.remove(this.state.definition, key));
		if (kind === "trigger") this.change(edit.remove_trigger(this.state.definition, Number(key)));
		this.select("workflow");
	}

	copy() {
		if (this.step()) this.state.clipboard = this.step();
	}

	paste(place = null) {
		const { clipboard, definition } = this.state;
		if (!clipboard) return;
		const { after, ...rest } = clipboard;
		const id = edit.free_id(definition, clipboard.id || clipboard.action);
		const behind = this.key() ? edit.place_after(definition, this.key()) : { ref: null };
		this.change(edit.add(definition, place || behind, { ...rest, id }));
		this.select(`step:${id}`);
	}

	move(key, place) {
		this.change(edit.move(this.state.definition, key, place));
	}

	connect(ref, key) {
		this.change(edit.connect(this.state.definition, ref, key));
	}

	disconnect(refs, key) {
		this.change(edit.disconnect(this.state.definition, refs, key));
	}

	pick_after_selected() {
		const { definition } = this.state;
		if (this.key()) return this.pick(edit.place_after(definition, this.key()));
		const start = this.graph().edges.find((edge) => edge.data.place && edge.data.place.ref === null);
		this.pick(start ? start.data.place : { ref: null });
	}

	branches(step) {
		return branches_of(step, this.actions);
	}

	// Groups of what templates of the selected step can reach.
	reach() {
		const fields = (doctype) => this.state.fields[doctype] || [];
		return reach(this.state.definition, this.key(), this.actions, fields, this.host.__);
	}

	// The DocType that `doc` is of.
	doctype() {
		return doctype_of(this.state.definition);
	}

	// The fields of a DocType, now or as soon as they are there.
	fields_of(doctype) {
		if (doctype && !(doctype in this.state.fields)) this.load([doctype]);
		return this.state.fields[doctype] || [];
	}

	load_fields() {
		this.load(doctypes_of(this.state.definition).filter((doctype) => !(doctype in this.state.fields)));
	}

	async load(doctypes) {
		for (const doctype of doctypes) {
			if (this.loading.has(doctype)) continue;
			this.loading.add(doctype);
			const fields = await this.host.fields(doctype);
			this.state.fields = { ...this.state.fields, [doctype]: fields };
		}
	}

	// A value at a path as the newest run had it, as a short text; empty if there is none.
	sample(path) {
		const found = path.split(".").reduce((value, name) => value?.[name], this.state.samples);
		if (found === undefined || found === null) return "";
		const text = typeof found === "object" ? JSON.stringify(found) : String(found);
		return text.length > MAX_SAMPLE ? `${text.slice(0, MAX_SAMPLE)}…` : text;
	}

	async load_samples(workflow) {
		this.state.samples = await this.host.samples(workflow);
	}

	check_soon() {
		if (this.state.read_only) return;
		clearTimeout(this.timer);
		this.timer = setTimeout(() => this.check(), CHECK_AFTER);
	}

	async check() {
		const number = ++this.checks;
		const problems = await this.host.check(this.state.definition);
		if (number === this.checks) this.state.problems = problems;
	}

	// What is wrong at a path of the definition, or below it.
	problems_at(path) {
		return this.state.problems.filter((each) => each.path === path || each.path.startsWith(`${path}.`) || each.path.startsWith(`${path}[`));
	}
}
