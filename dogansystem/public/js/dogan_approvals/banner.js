// On the form of a document: what about it waits for the person who looks at it.

frappe.provide("dogan");

dogan.show_approvals_of_document = async (frm) => {
	const about = { doctype: frm.doctype, name: frm.docname };
	const waiting = await frappe.xcall("dogansystem.api.approvals.pending", about);
	if (frm.doctype !== about.doctype || frm.docname !== about.name) return;
	frm.layout.wrapper.children(".dogan-waiting").remove();
	if (!waiting.length) return;
	const banner = $(`<div class="dogan-waiting" role="status"></div>`);
	for (const each of waiting) banner.append(line_of(frm, each));
	frm.layout.wrapper.prepend(banner);
};

function line_of(frm, each) {
	const escape = frappe.utils.escape_html;
	const text = each.kind === "ask" ? __("You are asked to fill this in:") : __("Your approval is wanted:");
	const link = `/app/dogan-inbox/${encodeURIComponent(each.approval)}`;
	const whose = each.for ? ` <span class="text-muted">${__("for {0}", [escape(frappe.user.full_name(each.for))])}</span>` : "";
	const line = $(`<div class="dogan-waiting-line">
		<div><b>${text}</b> <a href="${link}">${escape(each.subject)}</a>${whose}</div>
		<div class="dogan-waiting-buttons"></div>
	</div>`);
	const decide = async (decision) => {
		const approval = await frappe.xcall("dogansystem.api.approvals.get", { approval: each.approval });
		dogan.decide(approval, decision, () => {
			frappe.show_alert({ message: __("Thank you, it was sent."), indicator: "green" });
			dogan.show_approvals_of_document(frm); // the document itself may be nobody's to read any more
		});
	};
	const buttons = line.find(".dogan-waiting-buttons");
	const add = (label, decision, kind) =>
		$(`<button class="btn btn-xs ${kind}">${label}</button>`).on("click", () => decide(decision)).appendTo(buttons);
	if (each.kind === "ask") add(__("Answer"), "answered", "btn-primary");
	else {
		add(__("Approve"), "approved", "btn-primary");
		add(__("Reject"), "rejected", "btn-default");
	}
	return line;
}
