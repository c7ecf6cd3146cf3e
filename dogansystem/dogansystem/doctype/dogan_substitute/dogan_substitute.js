frappe.ui.form.on("Dogan Substitute", {
	setup(frm) {
		for (const field of ["for_user", "by_user"]) frm.set_query(field, () => ({ filters: { enabled: 1 } }));
	},

	refresh(frm) {
		const may_choose = frappe.user.has_role("System Manager");
		if (frm.is_new() && !frm.doc.for_user) frm.set_value("for_user", frappe.session.user);
		frm.set_df_property("for_user", "read_only", may_choose ? 0 : 1);
	},
});
