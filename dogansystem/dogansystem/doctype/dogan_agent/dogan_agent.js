frappe.ui.form.on("Dogan Agent", {
	setup(frm) {
		frm.set_query("user", () => ({ filters: { enabled: 1 } }));
	},

	refresh(frm) {
		if (frm.is_new()) return;
		frm.page.set_indicator(
			...(frm.doc.enabled ? [__("Enabled"), "green"] : [__("Disabled"), "gray"])
		);
	},
});
