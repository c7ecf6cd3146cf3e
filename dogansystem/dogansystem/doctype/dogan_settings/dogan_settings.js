dogan.show_decimals_as_needed("Dogan Settings");

frappe.ui.form.on("Dogan Settings", {
	refresh(frm) {
		if (!["Dogan Manager", "System Manager"].some((role) => frappe.user.has_role(role))) return;
		frappe.require(["dogan_runs.bundle.js", "dogan_agents.bundle.js"], async () => {
			frm.get_field("ai_spent_html").$wrapper.html(`<p class="dogan-spent">${await dogan.spent_today()}</p>`);
		});
	},
});
