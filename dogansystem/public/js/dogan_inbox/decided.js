// What was decided lately, by whoever looks or for them.

frappe.provide("dogan.inbox");

const escape = (text) => frappe.utils.escape_html(String(text ?? ""));
const COLOURS = { approved: "green", rejected: "red", answered: "blue" };

dogan.inbox.Decided = class {
	constructor($panel) {
		this.$panel = $panel.html(`
			<ul class="dogan-inbox-decided"></ul>
			<div class="dogan-inbox-empty dogan-help">${__("You have decided nothing yet.")}</div>
			<button type="button" class="btn btn-default dogan-inbox-more">${__("Show More")}</button>`);
		this.$list = $panel.find("ul");
		$panel.find(".dogan-inbox-empty, .dogan-inbox-more").hide();
		$panel.find(".dogan-inbox-more").on("click", () => this.load(this.number));
	}

	refresh() {
		return this.load(0);
	}

	async load(start) {
		const { items, more, people } = await frappe.xcall("dogansystem.api.inbox.decided", { start });
		if (!start) this.$list.empty();
		this.$list.append(items.map((item) => row_of(item, people)).join(""));
		this.number = start + items.length;
		this.$panel.find(".dogan-inbox-empty").toggle(!this.number);
		this.$panel.find(".dogan-inbox-more").toggle(more);
	}
};

function row_of(item, people) {
	const name = (user) => dogan.inbox.person(people, user);
	const { doctype, name: document } = item.document || {};
	const about = doctype ? `<a href="${frappe.utils.get_form_link(doctype, document)}">${escape(__(doctype))} ${escape(document)}</a> · ` : "";
	const who = item.for ? `${__("{0} for {1}", [name(item.by), name(item.for)])} · ` : "";
	const said = item.comment ? `<div class="dogan-said">${escape(item.comment)}</div>` : "";
	return `<li>
		<span class="indicator-pill no-indicator-dot ${COLOURS[item.decision]}">${escape(dogan.DECISIONS[item.decision])}</span>
		<div class="dogan-inbox-what">
			<a href="${frappe.utils.get_form_link("Dogan Approval", item.approval)}">${escape(item.subject)}</a>
			<div class="text-muted">${about}${who}${dogan.inbox.when(item.at)} · ${escape(dogan.THROUGH[item.through] || item.through)}</div>
			${said}
		</div>
		<span class="text-muted">${__(item.status)}</span>
	</li>`;
}
