dogan.show_decimals_as_needed("Dogan Agent");

frappe.listview_settings["Dogan Agent"] = {
	add_fields: ["enabled"],
	get_indicator: (doc) =>
		doc.enabled ? [__("Enabled"), "green", "enabled,=,1"] : [__("Disabled"), "gray", "enabled,=,0"],
};
