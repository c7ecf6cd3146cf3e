frappe.listview_settings["Dogan Step Run"] = {
	hide_name_column: true,
	add_fields: ["status", "item"],
	formatters: { started_at: (value) => dogan.list_time(value) },
	get_indicator: (doc) => [__(doc.status), dogan.STATE_COLOURS[doc.status], `status,=,${doc.status}`],
};
