// Rehearse: what a workflow, saved or not, would do with documents that exist, beside what is enabled now.

frappe.provide("dogan");

const REHEARSE = "dogansystem.api.rehearsals.rehearse";
const ABOUT_DOCUMENTS = ["document", "date", "condition", "manual"];

// `frm`: the form of the workflow.
dogan.rehearse_workflow = (frm) => {
	const of_documents = (frm.doc.triggers || []).some(
		({ kind, document_type }) => ABOUT_DOCUMENTS.includes(kind) && document_type
	);
	frappe.prompt(
		[
			{
				fieldname: "doctype",
				fieldtype: "Link",
				options: "DocType",
				label: __("Document Type"),
				reqd: of_documents ? 0 : 1,
				hidden: of_documents ? 1 : 0,
			},
			{
				fieldname: "days",
				fieldtype: "Int",
				label: __("Days Back"),
				default: 30,
				reqd: 1,
				description: __("Documents that were changed, or whose date came, in these days"),
			},
			{ fieldname: "limit", fieldtype: "Int", label: __("Documents at Most"), default: 200, reqd: 1 },
		],
		async ({ doctype, days, limit }) => {
			const args = { since: `${days}d`, limit, definition: JSON.stringify(frm.dogan_views.definition()) };
			const { rehearsal } = await frappe.xcall(REHEARSE, doctype ? { ...args, doctype } : args);
			frappe.set_route("Form", "Dogan Rehearsal", rehearsal);
		},
		__("Rehearse {0}", [dogan.escape(frm.doc.title || frm.doc.workflow_name || "")]),
		__("Rehearse")
	);
};

// The report of a rehearsal. What fails or differs is open, all else is a line.
dogan.rehearsal_html = (result) => {
	if (!result.results.length) {
		const text = __("No documents were found that would have started it. Go more days back, or choose another document type.");
		return `<div class="dogan-rehearsal"><p>${text}</p></div>`;
	}
	const rows = result.results.map((each) => row_html(each, result.compared)).join("");
	const now = result.compared ? `<th>${__("Enabled Now")}</th>` : "";
	return `<div class="dogan-rehearsal"><table class="table table-bordered"><thead><tr>
		<th>${__("Document")}</th>${now}<th>${__("Rehearsed")}</th></tr></thead><tbody>${rows}</tbody></table></div>`;
};

function row_html({ document, now, new: tried, differences }, compared) {
	const link = frappe.utils.get_form_link(document.doctype, document.name);
	const name = `<a href="${link}">${dogan.escape(document.name)}</a>
		<div class="text-muted small">${dogan.escape(__(document.doctype))}</div>`;
	const columns = compared ? `<td>${outcome_html(now)}</td>` : "";
	const line = `<tr><td>${name}</td>${columns}<td>${outcome_html(tried)}</td></tr>`;
	if (!differences.length) return line;
	return `${line}<tr><td colspan="${compared ? 3 : 2}">${differences_html(differences)}</td></tr>`;
}

function outcome_html(outcome) {
	if (!outcome) return `<span class="text-muted">${__("Left out: other work held what it needs")}</span>`;
	if (!outcome.starts) return `${__("Does not start")}<div class="text-muted small">${dogan.escape(outcome.reason)}</div>`;
	const error = outcome.error ? `<div class="small">${dogan.escape(outcome.error)}</div>` : "";
	return `${dogan.state_pill(outcome.status)}${error}`;
}

function differences_html(differences) {
	const cell = (value) => dogan.escape(shown(value));
	const rows = differences.map(
		(each) => `<tr><td>${cell(each.what)}</td><td>${cell(each.now)}</td><td>${cell(each.new)}</td></tr>`
	);
	return `<table class="table table-sm"><thead><tr><th>${__("What differs")}</th><th>${__("Enabled Now")}</th>
		<th>${__("Rehearsed")}</th></tr></thead><tbody>${rows.join("")}</tbody></table>`;
}

function shown(value) {
	if (value === null || value === undefined) return "";
	const text = typeof value === "string" ? value : JSON.stringify(value);
	return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}
