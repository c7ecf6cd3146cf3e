// Companies and departments are there where ERPNext is: on such a site their names are chosen.
const PLACES = { company: "Company", department: "Department" };

frappe.ui.form.on("Dogan Approval Matrix", {
	setup(frm) {
		frm.set_query("user", "rows", () => ({ filters: { enabled: 1 } }));
		frm.set_query("document_type", () => ({ filters: { istable: 0, issingle: 0 } }));
	},

	refresh(frm) {
		frm.set_intro(
			__("A step asks who the first row that fits the document names: {0}", ["<code>to: {matrix: …}</code>"])
		);
		offer_places(frm);
		offer_fields(frm);
	},

	document_type: offer_fields,
});

function offer_places(frm) {
	const { grid } = frm.get_field("rows");
	for (const [field, doctype] of Object.entries(PLACES)) {
		if (!frappe.boot.user.can_read.includes(doctype)) continue;
		grid.update_docfield_property(field, "fieldtype", "Link");
		grid.update_docfield_property(field, "options", doctype);
	}
}

function offer_fields(frm) {
	if (!frm.doc.document_type) return;
	frappe.model.with_doctype(frm.doc.document_type, () => {
		const fields = frappe
			.get_meta(frm.doc.document_type)
			.fields.filter((field) => !frappe.model.no_value_type.includes(field.fieldtype));
		const option = (field) => ({ value: field.fieldname, label: field.fieldname, description: __(field.label) });
		const amounts = fields.filter((field) => ["Currency", "Float", "Int"].includes(field.fieldtype));
		frm.get_field("rows").grid.update_docfield_property("field", "fieldtype", "Autocomplete");
		frm.get_field("rows").grid.update_docfield_property("field", "options", fields.map(option));
		frm.set_df_property("amount_field", "fieldtype", "Autocomplete");
		frm.set_df_property("amount_field", "options", amounts.map(option));
	});
}
