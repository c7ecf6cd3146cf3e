// Texts of people and workflows are shown as text; of each decision, what it was about stands beside it.

const TEXTS = ["subject", "comment", "given", "through", "decision"];
const ROWS = [500, 2000, 10000]; // at most: 10,000 take seconds to draw

frappe.query_reports["Dogan Decisions"] = {
	filters: [
		{ fieldname: "from_date", label: __("From"), fieldtype: "Date", default: frappe.datetime.add_months(frappe.datetime.get_today(), -1) },
		{ fieldname: "to_date", label: __("Until"), fieldtype: "Date", default: frappe.datetime.get_today() },
		{ fieldname: "person", label: __("Person"), fieldtype: "Link", options: "User" },
		{ fieldname: "workflow", label: __("Workflow"), fieldtype: "Link", options: "Dogan Workflow" },
		{ fieldname: "document_type", label: __("Document Type"), fieldtype: "Link", options: "DocType" },
		{
			fieldname: "document",
			label: __("Document"),
			fieldtype: "Dynamic Link",
			get_options: () => frappe.query_report.get_filter_value("document_type"),
		},
		{
			fieldname: "through",
			label: __("Through"),
			fieldtype: "Select",
			options: [
				{ value: "", label: "" },
				{ value: "desk", label: __("Desk") },
				{ value: "mail", label: __("Link in a Mail") },
				{ value: "api", label: __("API") },
				{ value: "command", label: __("Command") },
				{ value: "deadline", label: __("Deadline") },
			],
		},
		{
			fieldname: "rows",
			label: __("Rows"),
			fieldtype: "Select",
			options: ROWS.map((rows) => ({ value: String(rows), label: __("Newest {0}", [rows]) })),
			default: String(ROWS[0]),
		},
	],

	formatter(value, row, column, data, default_formatter) {
		return TEXTS.includes(column.fieldname)
			? frappe.utils.escape_html(String(value ?? ""))
			: default_formatter(value, row, column, data);
	},
};
