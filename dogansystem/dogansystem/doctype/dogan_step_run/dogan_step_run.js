dogan.show_as_text("Dogan Step Run");

frappe.ui.form.on("Dogan Step Run", {
	refresh(frm) {
		frm.disable_save();
		frm.set_df_property("output", "permlevel", 0); // lists never show it; here the server has left out what is not to be seen
		frm.page.set_indicator(__(frm.doc.status), dogan.STATE_COLOURS[frm.doc.status]);
		frm.add_custom_button(__("Open Run"), () => frappe.set_route("Form", "Dogan Workflow Run", frm.doc.run));
	},
});
