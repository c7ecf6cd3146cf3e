const LOOK_AGAIN = 2000; // milliseconds between two looks while documents are still to be tried

frappe.ui.form.on("Dogan Rehearsal", {
	onload: () => dogan.show_as_text("Dogan Rehearsal"),

	refresh(frm) {
		frm.disable_save();
		if (["Queued", "Running"].includes(frm.doc.status)) {
			show_how_far(frm);
			return;
		}
		if (frm.doc.result) show_report(frm);
	},
});

function show_how_far(frm) {
	const { done, total } = frm.doc;
	frm.dashboard.show_progress(__("Documents"), total ? (100 * done) / total : 0, __("{0} of {1} documents done", [done, total]));
	frm.add_custom_button(__("Stop"), async () => {
		await frappe.xcall("dogansystem.api.rehearsals.stop_rehearsal", { rehearsal: frm.doc.name });
		frm.reload_doc();
	});
	setTimeout(() => {
		if (cur_frm === frm && ["Queued", "Running"].includes(frm.doc.status)) frm.reload_doc();
	}, LOOK_AGAIN);
}

async function show_report(frm) {
	const rehearsal = frm.doc.name;
	const found = await frappe.xcall("dogansystem.api.rehearsals.get_rehearsal", { rehearsal });
	await new Promise((resolve) => frappe.require("dogan_runs.bundle.js", resolve));
	if (frm.doc.name !== rehearsal) return;
	if (found.result.stopped) frm.set_intro(found.result.stopped);
	frm.get_field("report").$wrapper.html(dogan.rehearsal_html(found.result));
	frm.add_custom_button(__("Download Markdown"), () => save(`${rehearsal}.md`, found.markdown));
	frm.add_custom_button(__("Download JSON"), () => save(`${rehearsal}.json`, JSON.stringify(found.result, null, 2)));
}

function save(name, text) {
	const link = document.createElement("a");
	link.href = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
	link.download = name;
	link.click();
	URL.revokeObjectURL(link.href);
}
