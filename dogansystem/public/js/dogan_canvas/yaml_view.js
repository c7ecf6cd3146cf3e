// The workflow as YAML text. It is taken once it can be read, valid or not; what is wrong with it stands below.

const READ_AFTER = 500; // milliseconds without a change

export class YamlView {
	// `take(definition)` gives the paths of what it cannot take.
	constructor($place, host, take) {
		Object.assign(this, { host, take, text: "", is_taken: true, pending: null });
		this.$editor = $(`<div></div>`).appendTo($place);
		this.$problems = $(`<div class="dogan-yaml-problems" role="status"></div>`).appendTo($place);
	}

	async open(definition, read_only) {
		this.text = await this.host.to_yaml(definition);
		this.is_taken = true;
		this.$problems.empty();
		const df = { fieldname: "yaml", fieldtype: "Code", options: "YAML", label: "YAML", min_lines: 25, max_lines: 60 };
		this.$editor.empty();
		if (read_only) return $(`<pre dir="ltr"></pre>`).text(this.text).appendTo(this.$editor);
		this.control = this.host.control(this.$editor.get(0), df, this.text, (text) => this.enter(text));
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
		const lost = definition ? this.take(definition) : [];
		this.is_taken = Boolean(definition) && !lost.length;
		const unknown = lost.map((path) => ({ path, message: this.host.__("the form has no place for this key; take it out") }));
		const shown = problems.length ? problems : unknown;
		this.$problems.empty();
		for (const { path, message } of shown) {
			$(`<div class="dogan-error" dir="auto"></div>`).text(path ? `${path}: ${message}` : message).appendTo(this.$problems);
		}
	}
}
