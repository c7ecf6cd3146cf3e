frappe.listview_settings["Dogan Workflow"] = {
	add_fields: ["enabled"],
	get_indicator: (doc) =>
		doc.enabled ? [__("Enabled"), "green", "enabled,=,1"] : [__("Disabled"), "gray", "enabled,=,0"],

	onload(list) {
		if (frappe.model.can_create(list.doctype)) {
			list.page.add_inner_button(__("From Template"), from_template);
		}
	},

	// An empty list leads to the templates: a blank form helps nobody who has never seen one that is filled in.
	refresh(list) {
		const box = list.$no_result && list.$no_result.find(".btn-new-doc").first().parent();
		if (!box || !box.length || box.find(".dogan-first").length) return;
		$(`<button type="button" class="btn btn-primary btn-sm dogan-first">${__("Start from a Template")}</button>`)
			.on("click", from_template)
			.prependTo(box)
			.after(" ");
	},
};

function from_template() {
	frappe.require("dogan_runs.bundle.js", () => dogan.show_gallery(dogan.open_workflow));
}
