frappe.ui.form.on("Dogan Baseline", {
	refresh(frm) {
		frm.add_custom_button(__("Compare with Now"), () =>
			frappe.set_route("dogan-capacity", { compare: frm.doc.name })
		);
	},
});
