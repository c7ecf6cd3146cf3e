dogan.show_decimals_as_needed("Dogan Agent Turn");
dogan.show_as_text("Dogan Agent Turn");

frappe.ui.form.on("Dogan Agent Turn", {
	refresh(frm) {
		frm.disable_save();
		frm.add_custom_button(__("Open Run"), () => frappe.set_route("Form", "Dogan Workflow Run", frm.doc.run));
		frappe.require(["dogan_runs.bundle.js", "dogan_agents.bundle.js"], () => dogan.show_turn(frm));
	},
});
