frappe.listview_settings["Dogan Rehearsal"] = {
	hide_name_column: true,
	get_indicator: (doc) => {
		const colour = { Queued: "gray", Running: "blue", Completed: "green", Stopped: "orange", Failed: "red" }[doc.status];
		return [__(doc.status), colour, `status,=,${doc.status}`];
	},
};
