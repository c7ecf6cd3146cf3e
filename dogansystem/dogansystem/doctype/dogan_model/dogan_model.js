dogan.show_decimals_as_needed("Dogan Model");

frappe.ui.form.on("Dogan Model", {
	refresh(frm) {
		if (frm.is_new() || !frappe.user.has_role("System Manager")) return;
		frm.add_custom_button(__("Try"), () => {
			if (frm.is_dirty()) {
				frappe.msgprint(__("Save it first: what is saved is asked."));
				return;
			}
			frappe.require(["dogan_runs.bundle.js", "dogan_agents.bundle.js"], () => dogan.try_model(frm));
		});
	},
});
