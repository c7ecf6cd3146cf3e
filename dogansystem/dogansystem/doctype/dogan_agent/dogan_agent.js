dogan.show_decimals_as_needed("Dogan Agent");

const BUNDLES = ["dogan_runs.bundle.js", "dogan_agents.bundle.js", "dogan_agents.bundle.css"];

frappe.ui.form.on("Dogan Agent", {
	setup(frm) {
		frm.set_query("user", () => ({ filters: { enabled: 1 } }));
		Object.assign(frm.get_docfield("instructions"), { min_lines: 6, max_lines: 20 });
	},

	refresh(frm) {
		show_ai(frm);
		if (frm.is_new()) return;
		frm.page.set_indicator(
			...(frm.doc.enabled ? [__("Enabled"), "green"] : [__("Disabled"), "gray"])
		);
	},

	kind: show_ai,
});

frappe.ui.form.on("Dogan Agent Tool", {
	params: show_ai,
	action: show_ai,
	workflow: show_ai,
	server: show_ai,
	server_tool: show_ai,
	approval: show_ai,
	tools_remove: show_ai,
});

// What an AI agent has beside its fields; for those who manage agents.
function show_ai(frm) {
	const may = ["Dogan Manager", "System Manager"].some((role) => frappe.user.has_role(role));
	frm.toggle_display("tools_section", may);
	if (frm.doc.kind === "AI" && may) frappe.require(BUNDLES, () => dogan.show_ai_agent(frm));
}
