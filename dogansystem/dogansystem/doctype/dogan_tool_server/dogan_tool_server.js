frappe.ui.form.on("Dogan Tool Server", {
	refresh(frm) {
		frm.set_df_property("tools", "cannot_add_rows", true); // they come from the server
		if (frm.is_new()) return;
		if (frm.perm[0].write && !frm.is_dirty()) {
			frm.add_custom_button(__("Read Tools"), () => read_tools(frm));
		}
		const changed = (frm.doc.tools || []).filter((row) => row.found).map((row) => row.tool_name);
		frm.set_intro(
			changed.length
				? __("The server describes these tools otherwise than you have accepted, and they are refused: {0}. Open each row, compare, and accept the change.", [changed.map(frappe.utils.escape_html).join(", ")])
				: "",
			"orange"
		);
	},
});

frappe.ui.form.on("Dogan Server Tool", {
	accept(frm, doctype, name) {
		const row = locals[doctype][name];
		const found = JSON.parse(row.found);
		frappe.model.set_value(doctype, name, {
			definition: row.found,
			description: found.description || "",
			says_it_reads: found.annotations && found.annotations.readOnlyHint === true ? 1 : 0,
			found: "",
			state: "",
		});
		frappe.show_alert({ message: __("Save to accept the change."), indicator: "blue" });
	},
});

async function read_tools(frm) {
	const answer = await frappe.call({
		method: "dogansystem.api.tool_servers.read_tools",
		args: { server: frm.doc.name },
		freeze: true,
		freeze_message: __("Asking the server for its tools…"),
	});
	await frm.reload_doc();
	const { tools, unusable } = answer.message;
	if (!unusable.length) {
		frappe.show_alert({ message: __("The server has {0} tools.", [tools]), indicator: "green" });
		return;
	}
	const rows = unusable.map((each) => `<li dir="auto"><b>${frappe.utils.escape_html(each.tool)}</b>: ${frappe.utils.escape_html(each.reason)}</li>`);
	frappe.msgprint({
		title: __("The server has {0} tools.", [tools]),
		message: `${__("These cannot be used:")}<ul>${rows.join("")}</ul>`,
	});
}
