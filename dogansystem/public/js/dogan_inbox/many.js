// Deciding many at once: what cannot be decided so is said before, and each has its own result.

frappe.provide("dogan.inbox");

const AT_ONCE = 50;
const is_empty = (value) => value === null || value === undefined || value === "";

// Whether something has to be filled in for it, so that it cannot be decided together with others.
const has_form = (item, decision) =>
	decision !== "rejected" && item.fields.some((field) => field.required && is_empty(field.default));

const needs_comment = (item, decision) =>
	item.comment === "required" || (item.comment === "on_rejection" && decision === "rejected");

dogan.inbox.decide_many = (cards, decision, done) => {
	const label = dogan.DECISION_TITLES[decision];
	const left_out = cards.filter(({ item }) => has_form(item, decision));
	const chosen = cards.filter((card) => !left_out.includes(card));
	const list = (those, text) =>
		those.length
			? `<p>${text}</p><ul>${those.map(({ item }) => `<li>${frappe.utils.escape_html(item.subject)}</li>`).join("")}</ul>`
			: "";
	if (!chosen.length) {
		frappe.msgprint({ title: label, message: list(left_out, __("These have a form that has to be filled in: decide them one by one.")) });
		return;
	}
	const heading = decision === "rejected" ? __("You reject {0}:", [chosen.length]) : __("You approve {0}:", [chosen.length]);
	const is_needed = chosen.some(({ item }) => needs_comment(item, decision));
	const dialog = new frappe.ui.Dialog({
		title: label,
		fields: [
			{ fieldtype: "HTML", fieldname: "which", options: list(chosen, heading) + list(left_out, __("These have a form that has to be filled in: decide them one by one.")) },
			{ fieldname: "comment", fieldtype: "Small Text", label: __("Comment, for all of them"), reqd: is_needed ? 1 : 0 },
		],
		primary_action_label: label,
		async primary_action({ comment }) {
			dialog.disable_primary_action();
			try {
				const approvals = chosen.map(({ item }) => item.approval);
				const results = await decide(approvals, decision, comment || "");
				dialog.hide();
				show(results, chosen, decision);
				done();
			} finally {
				dialog.enable_primary_action();
			}
		},
	});
	dialog.show();
};

// As many at a time as the server takes.
async function decide(approvals, decision, comment) {
	const results = [];
	for (let start = 0; start < approvals.length; start += AT_ONCE) {
		const args = { approvals: approvals.slice(start, start + AT_ONCE), decision, comment };
		results.push(...(await frappe.xcall("dogansystem.api.inbox.decide_many", args)).results);
	}
	return results;
}

function show(results, cards, decision) {
	const refused = results.filter(({ error }) => error);
	for (const { approval, error } of results) {
		const card = cards.find(({ item }) => item.approval === approval);
		const said = decision === "rejected" ? __("You have rejected this.") : __("You have approved this.");
		if (card) card.show_decided(error || said, Boolean(error));
	}
	const number = results.length - refused.length;
	const text = decision === "rejected" ? __("{0} rejected.", [number]) : __("{0} approved.", [number]);
	const indicator = refused.length ? "orange" : "green";
	const more = refused.length ? ` ${__("{0} could not be decided: it says why on each.", [refused.length])}` : "";
	frappe.show_alert({ message: text + more, indicator }, 10);
}
