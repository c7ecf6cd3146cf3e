const PAGE = 100; // documents in one step of the list
const REFRESH = 2000; // milliseconds between two looks while runs are still to be started

frappe.ui.form.on("Dogan Batch", {
	refresh(frm) {
		frm.disable_save();
		show_results(frm);
		if (frm.doc.status !== "Running") return;
		frm.add_custom_button(__("Cancel the Rest"), () =>
			frappe.confirm(__("Start no further run? Those that were started go on."), async () => {
				await frappe.xcall("dogansystem.api.batches.cancel_batch", { batch: frm.doc.name });
				frm.reload_doc();
			})
		);
		setTimeout(() => {
			if (cur_frm === frm && frm.doc.status === "Running") frm.reload_doc();
		}, REFRESH);
	},
});

async function show_results(frm) {
	const batch = frm.doc.name;
	const found = await frappe.xcall("dogansystem.api.batches.get_batch", { batch });
	const rows = await frappe.xcall("dogansystem.api.batches.batch_documents", { batch, limit: PAGE });
	if (frm.doc.name !== batch) return;
	show_progress(frm, found);
	const wrapper = frm.get_field("results").$wrapper.empty();
	wrapper.append(`<table class="table table-bordered dogan-batch"><thead><tr>
		<th>${__("Document")}</th><th>${__("Result")}</th><th>${__("Run")}</th></tr></thead><tbody></tbody></table>`);
	add_rows(frm, wrapper, rows);
}

function show_progress(frm, found) {
	const done = found.started + found.refused + found.cancelled;
	const text = __("{0} of {1} documents done", [done, found.total]);
	frm.dashboard.show_progress(__("Runs"), found.total ? (100 * done) / found.total : 0, text);
	const states = Object.entries(found.runs).map(([state, number]) => `${dogan.state_pill(state)} ${number}`);
	frm.dashboard.set_headline(states.join(" &nbsp; "));
}

function add_rows(frm, wrapper, rows) {
	const escape = frappe.utils.escape_html;
	const body = wrapper.find("tbody");
	for (const row of rows) {
		const document = `<a href="${frappe.utils.get_form_link(frm.doc.document_type, row.document)}">${escape(row.document)}</a>`;
		const result = row.status ? dogan.state_pill(row.status) : escape(row.reason ? row.reason : __(row.result));
		const run = row.run ? `<a href="/app/dogan-workflow-run/${row.run}">${escape(row.run)}</a>` : "";
		body.append(`<tr><td>${document}</td><td>${result}</td><td>${run}</td></tr>`);
	}
	wrapper.find(".dogan-more").remove();
	if (rows.length < PAGE) return;
	const after = rows[rows.length - 1].number;
	const more = $(`<button class="btn btn-default btn-sm dogan-more">${__("More")}</button>`).appendTo(wrapper);
	more.on("click", async () => {
		const args = { batch: frm.doc.name, limit: PAGE, after };
		add_rows(frm, wrapper, await frappe.xcall("dogansystem.api.batches.batch_documents", args));
	});
}
