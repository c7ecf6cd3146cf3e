dogan.show_as_text("Dogan Approval Decision");

frappe.ui.form.on("Dogan Approval Decision", {
	refresh: (frm) => frm.disable_save(),
});
