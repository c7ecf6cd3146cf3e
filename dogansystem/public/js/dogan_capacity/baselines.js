// The baselines there are: recorded, listed, and chosen for a comparison.

const NOW = "now";

dogan.capacity.Baselines = class {
	constructor($section, $report) {
		this.$section = $section;
		this.$report = $report;
		this.minutes = 10;
	}

	async refresh() {
		this.list = await frappe.xcall("dogansystem.api.scaling.list_baselines");
		this.draw();
	}

	draw() {
		const { number, seconds, table, escape } = dogan.capacity;
		if (!this.list.length) {
			this.$section.html(
				`<div class="text-muted">${__("None yet. Record one while the system works, then scale, then compare.")}</div>`
			);
			return;
		}
		const rows = this.list.map((each) => [
			{ html: `<a href="/app/dogan-baseline/${encodeURIComponent(each.name)}">${escape(each.name)}</a>` },
			frappe.datetime.str_to_user(each.recorded_at.slice(0, 19)),
			__(each.source),
			number(each.steps),
			each.capacity ? number(each.capacity) : "–",
			number(each.workers),
			each.nodes,
			seconds(each.wait_p95 || null),
			{ html: `<button class="btn btn-default btn-xs" data-compare="${escape(each.name)}">${__("Compare")}</button>` },
		]);
		const head = [
			__("Baseline"), __("Recorded"), __("Of"), __("Steps"), __("Capacity (steps/s)"), __("Workers"),
			__("Nodes"), __("Waited p95"), "",
		];
		this.$section.html(table(head, rows));
		this.$section
			.find("[data-compare]")
			.on("click", (event) => this.choose($(event.currentTarget).attr("data-compare")));
	}

	record() {
		const dialog = new frappe.ui.Dialog({
			title: __("Record Baseline"),
			fields: [
				{ fieldname: "name", fieldtype: "Data", label: __("Name"), description: __("Left out: the time") },
				this.minutes_field(),
			],
			primary_action_label: __("Record"),
			primary_action: async (values) => {
				dialog.disable_primary_action();
				try {
					const found = await frappe.xcall("dogansystem.api.scaling.record_baseline", values);
					dialog.hide();
					frappe.show_alert({ message: __("Recorded {0}", [found.name.bold()]), indicator: "green" });
					await this.refresh();
				} finally {
					dialog.enable_primary_action();
				}
			},
		});
		dialog.show();
	}

	// Ask what to compare with; `baseline` is chosen already if it is given.
	choose(baseline) {
		if (!this.list.length) {
			frappe.msgprint(__("Record a baseline first."));
			return;
		}
		const names = this.list.map((each) => each.name);
		const dialog = new frappe.ui.Dialog({
			title: __("Compare"),
			fields: [
				{
					fieldname: "baseline", fieldtype: "Select", label: __("Before"), options: names, reqd: 1,
					default: baseline || names[0],
				},
				{
					fieldname: "other", fieldtype: "Select", label: __("After"), reqd: 1, default: NOW,
					options: [{ value: NOW, label: __("Now: the last minutes") }, ...names],
				},
				{ ...this.minutes_field(), depends_on: `eval:doc.other === "${NOW}"` },
			],
			primary_action_label: __("Compare"),
			primary_action: (values) => {
				dialog.hide();
				this.compare(values);
			},
		});
		dialog.show();
	}

	async compare(values) {
		const found = await frappe.xcall("dogansystem.api.scaling.compare", values);
		dogan.capacity.draw_report(this.$report, found);
		this.$report.closest(".dogan-capacity-section").removeClass("hidden");
		frappe.utils.scroll_to(this.$report, true, 80);
	}

	minutes_field() {
		return {
			fieldname: "minutes",
			fieldtype: "Int",
			label: __("Last Minutes"),
			default: this.minutes,
			reqd: 1,
		};
	}
};
