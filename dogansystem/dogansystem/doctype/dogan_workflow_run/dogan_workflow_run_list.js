frappe.listview_settings["Dogan Workflow Run"] = {
	add_fields: ["status", "error", "failures", "workflow"],
	hide_name_column: true,
	formatters: {
		started_at: (value) => dogan.list_time(value),
		workflow: (value, field, doc) => doc.workflow_title || value,
	},
	get_indicator: (doc) => {
		const filter = doc.failures && doc.status === "Succeeded" ? "failures,>,0" : `status,=,${doc.status}`;
		return [...dogan.indicator_of_run(doc), filter];
	},
	onload(list) {
		list.page.add_action_item(__("Retry"), () => {
			frappe.require("dogan_runs.bundle.js", () => dogan.retry_many(list));
		});
		list.page.add_action_item(__("Compare"), () => {
			const chosen = list.get_checked_items(true);
			if (chosen.length !== 2) {
				frappe.msgprint(__("Choose two runs to compare."));
				return;
			}
			// The names of runs grow with time.
			frappe.require("dogan_runs.bundle.js", () => dogan.compare_runs(...chosen.sort()));
		});
		for (const state of ["Running", "Waiting", "Failed"]) {
			list.page.add_inner_button(__(state), () => {
				list.filter_area.clear(false).then(() => list.filter_area.add(list.doctype, "status", "=", state));
			}, __("Show"));
		}
	},
};
