// What a person sees of an approval: what is asked, about which document, of whom, and what was decided so far.

frappe.provide("dogan");

const escape = (text) => frappe.utils.escape_html(String(text ?? ""));
const moment_of = (value) => (value ? escape(frappe.datetime.str_to_user(String(value).slice(0, 19))) : "");
const person = (user) => `<span title="${escape(user)}">${escape(frappe.user.full_name(user))}</span>`;

dogan.APPROVAL_COLOURS = {
	Open: "orange",
	Approved: "green",
	Answered: "green",
	Rejected: "red",
	Expired: "gray",
	Cancelled: "gray",
};
dogan.DECISIONS = { approved: __("approved"), rejected: __("rejected"), answered: __("answered") };

dogan.THROUGH = {
	desk: __("Desk"),
	mail: __("Link in a Mail"),
	api: __("API"),
	command: __("Command"),
	deadline: __("Deadline"),
};

// `message_html` was made harmless by the server; everything else is text.
dogan.approval_html = (approval) =>
	[notice(approval), message(approval), about(approval), people(approval), decisions(approval)]
		.filter(Boolean)
		.map((part) => `<div class="dogan-block">${part}</div>`)
		.join("");

function notice({ may_decide, why_not, ended, for: whose, reason }) {
	if (may_decide && whose) return `<div class="dogan-help">${__("You stand in for {0}.", [person(whose)])}</div>`;
	const text = ended ? [ended, reason].filter(Boolean).join(" ") : why_not;
	return !may_decide && text ? `<div class="dogan-help">${escape(text)}</div>` : "";
}

function message({ message_html }) {
	return message_html ? `<div class="dogan-message">${message_html}</div>` : "";
}

function about({ document, document_title, document_fields }) {
	if (!document) return "";
	const { doctype, name } = document;
	if (!document_fields) return `${label(__("Document"))}${escape(__(doctype))} ${escape(name)}`;
	const link = `<a href="${frappe.utils.get_form_link(doctype, name)}">${escape(name)}</a>`;
	const title = document_title && document_title !== name ? ` · ${escape(document_title)}` : "";
	const rows = document_fields.map(
		(field) => `<div><div class="text-muted">${escape(field.label)}</div>${escape(field.value)}</div>`
	);
	return `${label(escape(__(doctype)))}${link}${title}<div class="dogan-fields">${rows.join("")}</div>`;
}

function people({ approvers, needs, deadline, kind }) {
	const rows = approvers.map(({ user, state, instead_of, asked_at }) => {
		const place = instead_of ? ` <span class="text-muted">${__("instead of {0}", [person(instead_of)])}</span>` : "";
		return `<tr><td>${person(user)}${place}</td><td>${__(state)}</td><td class="text-muted">${moment_of(asked_at)}</td></tr>`;
	});
	const until = deadline ? ` · ${__("until {0}", [moment_of(deadline)])}` : "";
	const number = needs === 0 || needs === "all" ? __("all of them have to approve") : __("{0} have to approve", [needs]);
	const rule = kind === "ask" || approvers.length < 2 ? "" : ` · ${escape(number)}`;
	return `${label(`${__("Asked")}${rule}${until}`)}<table class="table table-sm dogan-people">${rows.join("")}</table>`;
}

function decisions({ decisions }) {
	if (!decisions.length) return "";
	const rows = decisions.map(({ by, for: whose, decision, comment, values, at, through }) => {
		const who = whose ? __("{0} for {1}", [person(by), person(whose)]) : person(by);
		const given = Object.entries(values || {}).map(([name, value]) => `${escape(name)}: ${escape(value)}`);
		const said = [comment ? `<div class="dogan-said">${escape(comment)}</div>` : "", given.join(", ")].join("");
		return `<tr><td>${who}</td><td>${escape(dogan.DECISIONS[decision] || decision)}</td><td>${said}</td>
			<td class="text-muted">${moment_of(at)} · ${escape(dogan.THROUGH[through] || through)}</td></tr>`;
	});
	return `${label(__("Decisions"))}<table class="table table-sm dogan-people">${rows.join("")}</table>`;
}

function label(html) {
	return `<div class="dogan-label text-muted">${html}</div>`;
}
