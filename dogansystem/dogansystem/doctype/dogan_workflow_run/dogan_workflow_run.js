dogan.show_as_text("Dogan Workflow Run");

frappe.ui.form.on("Dogan Workflow Run", {
	onload(frm) {
		for (const field of ["queued_at", "started_at", "finished_at"]) {
			frm.set_df_property(field, "hide_timezone", 1);
		}
	},

	refresh(frm) {
		frm.disable_save();
		frappe.require("dogan_runs.bundle.js", () => {
			const before = frm.timeline_of_steps;
			frm.timeline_of_steps = new dogan.Timeline({
				wrapper: frm.get_field("timeline").wrapper,
				on_retry: (step) => frm.events.retry(frm, step),
				on_signal: (wait) => dogan.ask_signal(wait, () => frm.events.redraw(frm)),
			});
			frm.timeline_of_steps.keep_open_of(before, frm.docname);
			frm.events.show_canvas(frm);
			frm.events.redraw(frm);
		});
	},

	// The picture of the workflow above the timeline; a step that is chosen there is opened here.
	show_canvas(frm) {
		const name = frm.docname;
		frappe.require("dogan_canvas.bundle.js", () => {
			if (frm.docname !== name || frm.dogan_canvas?.run === name) return;
			frm.dogan_canvas?.close();
			const timeline = $(frm.get_field("timeline").wrapper);
			const place = timeline.siblings(".dogan-run-canvas");
			const wrapper = place.length ? place : $(`<div class="dogan-run-canvas"></div>`).insertBefore(timeline);
			frm.dogan_canvas = new dogan.RunCanvas({ wrapper, run: name, on_step: (step) => frm.timeline_of_steps.show(step) });
			if (frm.dogan_view?.run.name === name) frm.dogan_canvas.draw(frm.dogan_view);
		});
	},

	// The newest state, without loading the form again: what is open stays open.
	async redraw(frm) {
		const name = frm.docname;
		const view = await frappe.xcall("dogansystem.api.run_page.run_view", { run: name });
		if (frm.docname !== name || !frm.timeline_of_steps) return;
		const ended = dogan.FINISHED.includes(view.run.status) && frm.doc.status !== view.run.status;
		frm.dogan_view = view;
		frm.timeline_of_steps.draw(view);
		if (frm.dogan_canvas?.run === name) frm.dogan_canvas.draw(view);
		dogan.show_problems(frm.layout.wrapper, view.problems);
		frm.events.set_title(frm, view.run.title);
		frm.page.set_indicator(...dogan.indicator_of_run(view.run));
		frm.events.show_buttons(frm, view);
		if (ended || frm.doc.status !== view.run.status) frm.reload_doc();
		frm.events.follow(frm, view);
	},

	// Where the title was, Frappe 16 has the way to the document: its list, and behind it the document.
	set_title(frm, title) {
		const crumb = frm.$wrapper.find(".title-text-form");
		if (!crumb.length) return frm.page.set_title(title);
		crumb.text(title);
		frappe.utils.set_title(title);
	},

	follow(frm, { run }) {
		dogan.follow("run", {
			runs: [run.name], // one that has ended may be retried by somebody else
			seconds: dogan.FINISHED.includes(run.status) ? 0 : 5,
			is_there: () => cur_frm === frm && frm.docname === run.name,
			changed: () => frm.events.redraw(frm),
		});
	},

	show_buttons(frm, view) {
		const { run, may_change, may_run_again } = view;
		frm.clear_custom_buttons();
		if (may_change) frm.events.show_controls(frm, run);
		if (may_run_again && dogan.FINISHED.includes(run.status)) {
			frm.add_custom_button(__("Run Again"), () => dogan.run_again(run.name));
		}
		frm.add_custom_button(__("Compare"), () => dogan.ask_compare(run));
		if (dogan.FINISHED.includes(run.status)) frm.add_custom_button(__("Save as Test"), () => dogan.save_run_as_test(run));
	},

	show_controls(frm, run) {
		if (dogan.FINISHED.includes(run.status)) {
			if (run.status !== "Succeeded") {
				frm.add_custom_button(__("Retry"), () => frm.events.retry(frm, null)).addClass("btn-primary");
			}
			return;
		}
		if (run.status === "Paused") {
			frm.add_custom_button(__("Resume"), () => frm.events.change(frm, "resume")).addClass("btn-primary");
		} else {
			frm.add_custom_button(__("Pause"), () => frm.events.change(frm, "pause"));
		}
		frm.add_custom_button(__("Cancel Run"), () => {
			dogan.ask_cancel(frm.dogan_view, (compensate) => frm.events.change(frm, "cancel", { compensate }));
		});
	},

	retry(frm, step) {
		dogan.ask_retry(frm.dogan_view, step, (version) => frm.events.change(frm, "retry", { step, version }));
	},

	async change(frm, what, more) {
		await frappe.xcall(`dogansystem.api.workflows.${what}`, { run: frm.docname, ...more });
		frm.events.redraw(frm);
	},
});
