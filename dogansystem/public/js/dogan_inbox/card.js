// One approval on the page: what is asked and by when, the document, what has happened so far, what a decision lets go on,
// and its form, in place.

frappe.provide("dogan.inbox");

const escape = (text) => frappe.utils.escape_html(String(text ?? ""));
const SHOWN_FIELDS = 6; // of the document, before it is opened
const SOON = 24; // hours before a deadline that is shown as near
const SAID = {
	approved: __("You have approved this."),
	rejected: __("You have rejected this."),
	answered: __("Your answer was sent."),
};
const IF = {
	approved: __("If you approve"),
	rejected: __("If you reject"),
	answered: __("Once it is filled in"),
};
// What becomes of an AI agent's call.
const CALLS = {
	approved: __("exactly this call is made"),
	rejected: __("the call is not made, and the agent is told why"),
};

dogan.inbox.person = (people, user) => `<span title="${escape(user)}">${escape((people || {})[user] || frappe.user.full_name(user))}</span>`;
dogan.inbox.when = (value) => frappe.datetime.comment_when(String(value).slice(0, 19));
dogan.inbox.moment = (value) => escape(frappe.datetime.str_to_user(String(value).slice(0, 19)));

dogan.inbox.Card = class {
	// `on` has `decided(card)`, `changed()` after it was passed on, `chosen()` when its box is ticked.
	constructor(item, people, on) {
		this.on = on;
		this.$card = $(`<article class="dogan-inbox-card" data-approval="${escape(item.approval)}"></article>`);
		this.draw(item, people);
	}

	draw(item, people) {
		this.item = item;
		this.people = people;
		this.shown = fingerprint(item);
		const id = `dogan-inbox-${item.approval}`;
		const box =
			item.kind === "ask" || !item.may_decide
				? ""
				: `<label class="dogan-inbox-box"><input type="checkbox" aria-labelledby="${id}"></label>`;
		this.$card.attr("aria-labelledby", id).html(`
			<header>${box}<h3 id="${id}">${escape(item.subject)}</h3></header>
			<div class="dogan-inbox-facts">${this.facts()}</div>
			${item.message_html ? `<div class="dogan-message">${item.message_html}</div>` : ""}
			${this.document()}
			${this.happened()}
			${this.goes_on()}
			<div class="dogan-inbox-form"></div>
			<div class="dogan-inbox-buttons"></div>`);
		this.$card.find("input[type=checkbox]").on("change", () => this.on.chosen());
		this.draw_buttons();
	}

	// The same card, as it is now; a form that is being filled in stays.
	update(item, people) {
		if (this.is_busy || this.is_decided || fingerprint(item) === this.shown) return;
		const is_chosen = this.is_chosen;
		this.draw(item, people);
		this.$card.find("input[type=checkbox]").prop("checked", is_chosen);
	}

	get is_chosen() {
		return this.$card.find("header input").is(":checked");
	}

	facts() {
		const { item } = this;
		const name = (user) => dogan.inbox.person(this.people, user);
		const pills = [];
		if (item.for) pills.push(__("for {0}", [name(item.for)]));
		if (item.role) pills.push(__("as {0}", [escape(__(item.role))]));
		if (item.passed_by) pills.push(__("passed on by {0}", [name(item.passed_by)]));
		const shown = pills.map((each) => `<span class="dogan-inbox-pill">${each}</span>`);
		const facts = [__("asked {0}", [dogan.inbox.when(item.asked_at)])];
		if (item.deadline) facts.push(until(item.deadline));
		facts.push(escape(item.workflow_title));
		return `${shown.join("")}<span class="text-muted">${facts.join(" · ")}</span>`;
	}

	document() {
		const { document, document_title, document_fields } = this.item;
		if (!document) return "";
		const { doctype, name } = document;
		if (!document_fields) return `<div class="dogan-inbox-document text-muted">${escape(__(doctype))} ${escape(name)}</div>`;
		const title = document_title && document_title !== name ? ` · ${escape(document_title)}` : "";
		const fields = (chosen) =>
			`<dl class="dogan-fields">${chosen
				.map((field) => `<div><dt class="text-muted">${escape(field.label)}</dt><dd>${escape(field.value)}</dd></div>`)
				.join("")}</dl>`;
		const more = document_fields.slice(SHOWN_FIELDS);
		return `<div class="dogan-inbox-document">
			<a href="${frappe.utils.get_form_link(doctype, name)}"><span class="text-muted">${escape(__(doctype))}</span> ${escape(name)}</a>${title}
			${fields(document_fields.slice(0, SHOWN_FIELDS))}
			${more.length ? `<details><summary>${__("More of it")}</summary>${fields(more)}</details>` : ""}
		</div>`;
	}

	happened() {
		const { item } = this;
		const name = (user) => dogan.inbox.person(this.people, user);
		const said = item.decisions.map(({ by, for: whose, decision, comment, at }) => {
			const who = whose ? __("{0} for {1}", [name(by), name(whose)]) : name(by);
			const text = comment ? `<div class="dogan-said">${escape(comment)}</div>` : "";
			return `<li>${who}: ${escape(dogan.DECISIONS[decision])} <span class="text-muted">· ${dogan.inbox.when(at)}</span>${text}</li>`;
		});
		const mine = item.for || frappe.session.user;
		const others = item.asked.filter((user) => user !== mine).map(name);
		const needs = item.needs === "all" ? __("all of them have to approve") : item.needs > 1 ? __("{0} have to approve", [item.needs]) : "";
		if (others.length) {
			const text = __("Also asked: {0}", [others.slice(0, 5).join(", ") + (others.length > 5 ? " …" : "")]);
			said.push(`<li class="text-muted">${text}${needs ? ` · ${escape(needs)}` : ""}</li>`);
		}
		return said.length ? `<ul class="dogan-inbox-happened">${said.join("")}</ul>` : "";
	}

	goes_on() {
		const rows = Object.entries(this.item.goes_on).map(([branch, steps]) => {
			const of_call = this.item.is_call && CALLS[branch];
			const what = of_call || (steps.length ? steps.map(escape).join(", ") : __("nothing more is done here"));
			return `<div><dt>${IF[branch]}</dt><dd>${what}</dd></div>`;
		});
		return rows.length ? `<dl class="dogan-inbox-next">${rows.join("")}</dl>` : "";
	}

	draw_buttons() {
		const { item } = this;
		const $buttons = this.$card.find(".dogan-inbox-buttons").empty();
		const add = (label, press, kind) =>
			$(`<button type="button" class="btn ${kind}">${label}</button>`).on("click", press).appendTo($buttons);
		if (item.may_decide && item.kind === "ask") add(__("Fill In"), () => this.open("answered"), "btn-primary");
		else if (item.may_decide) {
			add(__("Approve"), () => this.open("approved"), "btn-primary");
			add(__("Reject"), () => this.open("rejected"), "btn-default");
		}
		if (item.may_decide && item.delegate) {
			add(__("Pass On"), () => dogan.pass_on(item, () => this.on.changed()), "btn-default");
		}
		if (!item.may_decide) {
			const text = item.ended || item.why_not;
			$buttons.append(`<div class="dogan-help">${escape(text)}</div>`);
			$buttons.append(
				`<a class="btn btn-default" href="${frappe.utils.get_form_link("Dogan Approval", item.approval)}">${__("Open")}</a>`
			);
		}
	}

	// The form of a decision, in the card. It stays, with what was filled in, if the server refuses.
	open(decision) {
		this.is_busy = true;
		const $form = this.$card.find(".dogan-inbox-form").empty();
		const $fields = $(`<div></div>`).appendTo($form);
		const group = new frappe.ui.FieldGroup({ fields: dogan.decision_fields(this.item, decision), body: $fields[0] });
		group.make();
		dogan.leave_numbers_empty(group);
		name_controls(group);
		const $buttons = this.$card.find(".dogan-inbox-buttons").empty();
		const label = dogan.DECISION_TITLES[decision];
		
		const $send = $(`<button type="button" class="btn btn-primary dogan-inbox-send">${label}</button>`).appendTo($buttons);
		$send.on("click", async () => {
			const values = group.get_values();
			if (!values) return;
			$send.prop("disabled", true);
			try {
				await dogan.send_decision(this.item, decision, values);
				this.show_decided(SAID[decision]);
				this.on.decided(this);
			} catch (error) {
				$send.prop("disabled", false);
				this.on.changed();
			}
		});
		$(`<button type="button" class="btn btn-default">${__("Back")}</button>`)
			.on("click", () => this.close())
			.appendTo($buttons);
		$form.find("input, textarea, select").filter(":visible").first().trigger("focus");
	}

	close() {
		this.is_busy = false;
		this.$card.find(".dogan-inbox-form").empty();
		this.draw_buttons();
		this.$card.find(".dogan-inbox-buttons button").first().trigger("focus");
	}

	// What has become of it, in place of its form and buttons.
	show_decided(text, is_refused = false) {
		this.is_refused = is_refused;
		this.$card.find(".dogan-inbox-result").remove();
		if (!is_refused) this.end();
		const kind = is_refused ? "is-refused" : "is-done";
		$(`<div class="dogan-inbox-result ${kind}" role="${is_refused ? "alert" : "status"}" tabindex="-1">${escape(text)}</div>`).appendTo(this.$card);
	}

	// Nothing can be done with it any more.
	end() {
		this.is_decided = true;
		this.is_busy = false;
		this.$card.addClass("is-decided").find(".dogan-inbox-box, .dogan-inbox-form, .dogan-inbox-buttons").remove();
	}

	// It was settled elsewhere while its form was open.
	show_gone() {
		this.show_decided(__("This is not asked of you any more."));
	}
};

function until(deadline) {
	const hours = frappe.datetime.get_hour_diff(String(deadline).slice(0, 19), frappe.datetime.now_datetime());
	const text = __("until {0}", [dogan.inbox.moment(deadline)]);
	return hours < SOON ? `<b class="dogan-inbox-soon">${text}</b>` : text;
}

// Whether it has to be drawn again.
function fingerprint(item) {
	return JSON.stringify([item.status, item.may_decide, item.asked, item.deadline, item.for, item.decisions.length, item.document_fields]);
}

// Frappe's controls stand beside their labels without being named by them.
function name_controls(group) {
	for (const field of group.fields_list) {
		const $input = $(field.wrapper).find("input, textarea, select").not("[aria-label]");
		if (field.df.label) $input.attr("aria-label", frappe.utils.unescape_html(field.df.label));
	}
}
dogan.inbox.name_controls = name_controls;
