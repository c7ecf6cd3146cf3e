// The form Dogan Workflow as Flow, Form and YAML: three views of one document. Whatever is edited in one is in the others.

import { createApp } from "vue";
import { desk } from "./desk";
import FlowApp from "./FlowApp.vue";
import { from_form, is_equal, to_form } from "./model/form.mjs";
import { keys_of, steps_of } from "./model/graph.mjs";
import * as positions from "./model/positions.mjs";
import { progress_of_run } from "./progress";
import { write } from "./rows_of_form";
import { Store } from "./store";
import { VersionsView } from "./versions_view";
import { YamlView } from "./yaml_view";

const VIEWS = ["flow", "form", "yaml", "versions"];

export class WorkflowViews {
	constructor(frm, vocabulary) {
		Object.assign(this, { frm, vocabulary, view: "flow", name: null });
		this.$views = $(`<div class="dogan-views btn-group" role="tablist"></div>`);
		const labels = { flow: __("Flow"), form: __("Form"), yaml: __("YAML"), versions: __("Versions") };
		for (const view of VIEWS) {
			$(`<button type="button" role="tab" class="btn btn-sm btn-default" data-view="${view}">${labels[view]}</button>`)
				.on("click", () => this.show(view))
				.appendTo(this.$views);
		}
		this.$flow = $(`<div class="dogan-flow-place"></div>`);
		this.$yaml = $(`<div class="dogan-yaml-place"></div>`);
		this.$versions = $(`<div class="dogan-versions-place"></div>`);
		// Why the workflow is changed: asked for as long as something is not saved.
		this.$why = $(`<input type="text" class="form-control input-xs dogan-why" maxlength="500" dir="auto">`)
			.attr({ placeholder: __("Why is it changed? (optional)"), "aria-label": __("Why is it changed? (optional)") });
		this.$head = $(`<div class="dogan-views-head"></div>`).append(this.$views, this.$why);
		$(frm.layout.wrapper).before(this.$head, this.$flow, this.$yaml, this.$versions);
		// What the form says of the document is said in every view.
		$(frm.layout.message).insertBefore(this.$head);
		this.versions = new VersionsView(this.$versions, desk, vocabulary, { restored: () => this.frm.reload_doc() });
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
		this.$views.find("[data-view=versions]").toggle(!frm.doc.__islocal);
		this.$head.toggleClass("is-new", Boolean(frm.doc.__islocal)); // nothing was there that could be changed
		const definition = this.definition();
		if (!is_equal(definition, this.store.state.definition)) this.store.replace(definition);
		// As they are saved: somebody else may have moved something.
		const placed = positions.read(frm.doc.positions);
		if (!is_equal(placed, this.store.state.positions)) this.store.state.positions = placed;
		// Somebody has come here to see what was changed.
		const wanted = dogan.wanted_version?.workflow === frm.docname ? dogan.wanted_version.version : null;
		if (wanted) {
			dogan.wanted_version = null;
			this.versions.wanted = wanted;
		}
		this.show(wanted ? "versions" : this.view, !wanted);
	}

	open() {
		const { frm } = this;
		this.app?.unmount();
		this.view = "flow";
		this.$why.val("");
		this.store = new Store(desk, this.vocabulary, {
			definition: this.definition(),
			positions: positions.read(frm.doc.positions),
			read_only: !frm.perm[0]?.write,
			on_change: (definition) => this.write(definition),
			on_place: (placed) => this.write_positions(placed),
			on_try: (step) => frappe.require("dogan_runs.bundle.js", () => dogan.try_step(frm, step)),
		});
		this.app = mount(this.$flow, this.store);
		if (!frm.doc.__islocal) this.store.load_samples(frm.docname);
	}

	// How the steps of what was tried ended, on the picture, until something is changed.
	show_tried(report) {
		const items = (id) => report.steps.filter((step) => step.id === id && step.index !== null);
		const count = (counts, { status }) => ({ ...counts, [status]: (counts[status] || 0) + 1 });
		const whole = report.steps.filter((step) => step.index === null);
		const steps = whole.map((step) => ({ ...step, step: step.id, items: items(step.id).reduce(count, {}) }));
		this.store.state.run = progress_of_run(steps, desk);
		this.show("flow");
	}

	write(definition) {
		this.store.state.run = null;
		write(this.frm.doc, definition, this.tables);
		this.frm.dirty();
	}

	write_positions(placed) {
		this.frm.doc.positions = positions.write(placed, keys_of(steps_of(this.store.state.definition)));
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
		this.$versions.toggle(view === "versions");
		$(this.frm.page.wrapper).toggleClass("dogan-wide", view !== "form");
		if (view === "form" && !again) this.frm.refresh_fields();
		if (view === "flow" && from === "form") this.follow_form();
		if (view === "versions") this.versions.open(this.frm);
		else if (from === "versions") this.versions.close();
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
		this.frm.doc.change_note = this.$why.val();
	}

	after_save() {
		this.saved_as = this.frm.docname;
		this.$why.val("");
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
