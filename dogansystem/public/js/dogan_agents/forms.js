// What the forms of agents, models and turns show beside their fields.

frappe.provide("dogan");

// What an agent, or with none all of them, have spent today of what they may.
dogan.spent_today = async (agent) => {
	const found = await frappe.xcall("dogansystem.api.ai_agents.today", agent ? { agent } : {});
	const { spent, limit, site_spent, site_limit } = found;
	const of_all = __("All agents have spent {0} of {1} today.", [dogan.cost(site_spent), dogan.cost(site_limit)]);
	return agent ? `${__("It has spent {0} of {1} today.", [dogan.cost(spent), dogan.cost(limit)])} ${of_all}` : of_all;
};

dogan.show_ai_agent = async (frm) => {
	await dogan.show_tools(frm);
	if (frm.is_new()) return;
	const name = frm.docname;
	frm.add_custom_button(__("What It Has Done"), () => frappe.set_route("dogan-agents", name));
	const text = await dogan.spent_today(name);
	if (frm.docname === name) frm.get_field("limits_html").$wrapper.html(`<p class="dogan-spent">${text}</p>`);
};

// Ask a model one short question, and show what came of it.
dogan.try_model = async (frm) => {
	const dialog = new frappe.ui.Dialog({ title: frm.docname, fields: [{ fieldname: "tried", fieldtype: "HTML" }] });
	const say = (html) => dialog.get_field("tried").$wrapper.html(`<div role="status" class="dogan-model-tried">${html}</div>`);
	say(`<p>${__("Asking…")}</p>`);
	dialog.show();
	try {
		const found = await frappe.xcall("dogansystem.api.ai_agents.try_model", { model: frm.docname });
		say(found.error ? failure(found) : success(found));
	} catch (error) {
		dialog.hide(); // the desk has said why
	}
};

function success({ question, answer, seconds, tokens, cost }) {
	const said = answer.trim() ? `<bdi>${dogan.escape(answer.trim())}</bdi>` : `<span class="text-muted">${__("nothing")}</span>`;
	return `<p><span class="indicator-pill no-indicator-dot green">${__("It answers")}</span></p>
		<p class="text-muted">${dogan.escape(question)}</p><p><strong>${said}</strong></p>
		<p>${[dogan.duration(seconds), __("{0} tokens", [tokens.in + tokens.out]), __("cost {0}", [dogan.cost(cost)])].join(" · ")}</p>`;
}

function failure({ error, what_to_do }) {
	return `<p><span class="indicator-pill no-indicator-dot red">${__("It does not answer")}</span></p>
		<div class="dogan-error" dir="auto">${dogan.escape(error)}</div>${what_to_do ? `<p>${dogan.escape(what_to_do)}</p>` : ""}`;
}

dogan.show_turn = async (frm) => {
	const name = frm.docname;
	const turn = await frappe.xcall("dogansystem.api.ai_agents.turn", { name });
	if (frm.docname === name) frm.get_field("turn_html").$wrapper.html(dogan.turn_html(turn, "", () => true));
};
