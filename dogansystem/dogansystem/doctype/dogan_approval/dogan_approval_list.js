const COLOURS = {
	Open: "orange",
	Approved: "green",
	Answered: "green",
	Rejected: "red",
	Expired: "gray",
	Cancelled: "gray",
};

frappe.listview_settings["Dogan Approval"] = {
	add_fields: ["status"],
	hide_name_column: true,
	filters: [["status", "=", "Open"]],
	formatters: { asked_at: (value) => dogan.list_time(value) },
	get_indicator: ({ status }) => [__(status), COLOURS[status], `status,=,${status}`],
};
