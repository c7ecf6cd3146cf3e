// The workflow as YAML text, with what may be written offered. It is taken once it can be read, valid or not; what is wrong with it
// is marked on its line, and stands below.

import { completions } from "./model/complete.mjs";

const READ_AFTER = 500; // milliseconds without a change

export class YamlView {
	// `place` is an element. `take(definition)` gives the paths of what it cannot take.
	constructor(place, host, vocabulary, take) {
		Object.assign(this, { host, vocabulary, take, text: "", is_taken: true, definition: null });
		this.editor_place = place.appendChild(document.createElement("div"));
		this.problems_place = place.appendChild(document.createElement("div"));
		this.problems_place.className = "dogan-yaml-problems";
		this.problems_place.setAttribute("role", "status");
	}

	async open(definition, read_only) {
		this.text = await this.host.to_yaml(definition);
		this.definition = definition;
		this.is_taken = true;
		this.problems_place.replaceChildren();
		this.editor_place.replaceChildren();
		this.editor = null;
		if (read_only) {
			const text = this.editor_place.appendChild(document.createElement("pre"));
			text.dir = "ltr";
			text.textContent = this.text;
			return;
		}
		const complete = (text, row, column) => completions(text, row, column, this.vocabulary, this.definition);
		this.editor = await this.host.text_editor(this.editor_place, this.text, { change: (text) => this.enter(text), complete });
	}

	enter(text) {
		if (text === this.text) return;
		this.text = text;
		this.is_taken = false;
		clearTimeout(this.timer);
		this.timer = setTimeout(() => this.read(), READ_AFTER);
	}

	// Whether the other views can show what stands here.
	async settle() {
		clearTimeout(this.timer);
		if (!this.is_taken) await this.read();
		return this.is_taken;
	}

	async read() {
		const { text } = this;
		const { definition, problems } = await this.host.from_yaml(text);
		if (text !== this.text) return;
		if (definition) this.definition = definition;
		const lost = definition ? this.take(definition) : [];
		this.is_taken = Boolean(definition) && !lost.length;
		const unknown = lost.map((path) => ({ path, message: this.host.__("the form has no place for this key; take it out") }));
		this.show(problems.length ? problems : unknown);
	}

	show(problems) {
		this.editor?.mark(problems.filter(({ line }) => line));
		this.problems_place.replaceChildren(
			...problems.map(({ path, message, line }) => {
				const shown = document.createElement(line ? "button" : "div");
				shown.className = line ? "dogan-error dogan-yaml-problem" : "dogan-error";
				shown.dir = "auto";
				shown.textContent = path ? `${path}: ${message}` : message;
				if (line) Object.assign(shown, { type: "button", onclick: () => this.editor?.go_to(line) });
				return shown;
			})
		);
	}
}
