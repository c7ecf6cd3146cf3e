frappe.listview_settings["Dogan Batch"] = {
	hide_name_column: true,
	get_indicator: (doc) => {
		const colour = { Running: "blue", Completed: "green", Cancelled: "gray" }[doc.status];
		return [__(doc.status), colour, `status,=,${doc.status}`];
	},
};
