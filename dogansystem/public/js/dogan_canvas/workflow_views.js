// The form Dogan Workflow as Flow, Form and YAML: three views of one document. Whatever is edited in one is in the others.

import { createApp } from "vue";
import { desk } from "./desk";
import FlowApp from "./FlowApp.vue";
import { from_form, is_equal, to_form } from "./model/form.mjs";
import { write } from "./rows_of_form";
import { Store } from "./store";
import { YamlView } from "./yaml_view";

const VIEWS = ["flow", "form", "yaml"];

export class WorkflowViews {
	constructor(frm, vocabulary) {
		Object.assign(this, { frm, vocabulary, view: "flow", name: null });
		this.$views = $(`<div class="dogan-views btn-group" role="tablist"></div>`);
		const labels = { flow: __("Flow"), form: __("Form"), yaml: __("YAML") };
		for (const view of VIEWS) {
			$(`<button type="button" role="tab" class="btn btn-sm btn-default" data-view="${view}">${labels[view]}</button>`)
				.on("click", () => this.show(view))
				.appendTo(this.$views);
		}
		this.$flow = $(`<div class="dogan-flow-place"></div>`);
		this.$yaml = $(`<div class="dogan-yaml-place"></div>`);
		$(frm.layout.wrapper).before(this.$views, this.$flow, this.$yaml);
		// What the form says of the document is said in every view.
		$(frm.layout.message).insertBefore(this.$views);
		this.yaml = new YamlView(this.$yaml.get(0), desk, vocabulary, (definition) => this.take(definition));
	}

	get tables() {
		return this.vocabulary.tables;
	}

	// A new form begins with an empty row, which is no step yet.
	definition() {
		const definition = from_form(this.frm.doc, this.tables);
		if (!this.frm.doc.__islocal) return definition;
		return { ...definition, steps: definition.steps.filter((step) => Object.keys(step).length) };
	}

	// The form shows another document, or the same one anew.
	refresh() {
		const { frm } = this;
		// A new document that was saved is the same one under its name.
		if (this.name !== frm.docname && this.saved_as !== frm.docname) this.open();
		this.saved_as = null;
		this.name = frm.docname;
		this.store.state.saved = !frm.doc.__islocal;
		const definition = this.definition();
		if (!is_equal(definition, this.store.state.definition)) this.store.replace(definition);
		this.show(this.view, true);
	}

	open() {
		const { frm } = this;
		this.app?.unmount();
		this.view = "flow";
		this.store = new Store(desk, this.vocabulary, {
			definition: this.definition(),
			read_only: !frm.perm[0]?.write,
			on_change: (definition) => this.write(definition),
		});
		this.app = mount(this.$flow, this.store);
		if (!frm.doc.__islocal) this.store.load_samples(frm.docname);
	}

	write(definition) {
		write(this.frm.doc, definition, this.tables);
		this.frm.dirty();
	}

	// A definition that was written as YAML; gives the paths of what has no place in the form, and takes it only if there are none.
	take(definition) {
		const { lost } = to_form(definition, this.tables);
		if (!lost.length && !is_equal(definition, this.definition())) {
			this.store.replace(definition);
			this.write(definition);
		}
		return lost;
	}

	async show(view, again = false) {
		if (this.view === "yaml" && view !== "yaml" && !(await this.yaml.settle())) {
			frappe.show_alert({ message: __("Correct the YAML first, or undo your change: the other views cannot show it."), indicator: "orange" });
			return;
		}
		const from = this.view;
		this.view = view;
		this.$views.find("button").each((index, button) => {
			$(button).toggleClass("btn-primary", button.dataset.view === view).attr("aria-selected", button.dataset.view === view);
		});
		$(this.frm.layout.wrapper).toggle(view === "form");
		this.$flow.toggle(view === "flow");
		this.$yaml.toggle(view === "yaml");
		$(this.frm.page.wrapper).toggleClass("dogan-wide", view !== "form");
		if (view === "form" && !again) this.frm.refresh_fields();
		if (view === "flow" && from === "form") this.follow_form();
		if (view === "yaml" && (from !== "yaml" || again)) this.yaml.open(this.definition(), this.store.state.read_only);
	}

	follow_form() {
		const definition = this.definition();
		if (!is_equal(definition, this.store.state.definition)) this.store.replace(definition);
	}

	// Before the form is saved: what was typed as YAML is taken, or the form is not saved.
	async before_save() {
		if (this.view === "yaml" && !(await this.yaml.settle())) {
			frappe.validated = false;
			frappe.show_alert({ message: __("Correct the YAML first: it was not saved."), indicator: "red" });
		}
	}

	after_save() {
		this.saved_as = this.frm.docname;
	}
}

export function mount(place, store, props = {}) {
	place.empty();
	const element = $("<div></div>").appendTo(place).get(0);
	const app = createApp(FlowApp, { store, ...props });
	app.config.globalProperties.__ = desk.__;
	app.mount(element);
	return app;
}
