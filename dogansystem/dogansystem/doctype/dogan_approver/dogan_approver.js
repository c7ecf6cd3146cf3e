dogan.show_as_text("Dogan Approver");

frappe.ui.form.on("Dogan Approver", {
	refresh: (frm) => frm.disable_save(),
});
