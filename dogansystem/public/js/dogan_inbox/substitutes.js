// Who stands in for whoever looks, and for whom they stand in. Set in place.

frappe.provide("dogan.inbox");

const escape = (text) => frappe.utils.escape_html(String(text ?? ""));
const day = (value) => escape(frappe.datetime.str_to_user(value));

dogan.inbox.Substitutes = class {
	// `counted({mine, for_others, people})`: what there is now.
	constructor($panel, counted) {
		this.counted = counted;
		this.$panel = $panel.html(`
			<h3>${__("Who stands in for me")}</h3>
			<ul class="dogan-inbox-people" data-whose="mine"></ul>
			<section class="dogan-inbox-card">
				<h4>${__("While I am away")}</h4>
				<div class="dogan-inbox-form"></div>
				<div class="dogan-inbox-buttons"><button type="button" class="btn btn-primary">${__("Let Them Stand In for Me")}</button></div>
			</section>
			<h3>${__("For whom I stand in")}</h3>
			<ul class="dogan-inbox-people" data-whose="for_others"></ul>`);
		this.draw_form();
		$panel.find(".dogan-inbox-buttons button").on("click", (event) => this.add($(event.currentTarget)));
		$panel.on("click", "[data-delete]", (event) => this.end(event.currentTarget.dataset.delete));
	}

	draw_form() {
		const get_query = () => ({ filters: { enabled: 1, name: ["!=", frappe.session.user] } });
		const today = frappe.datetime.get_today();
		this.form = new frappe.ui.FieldGroup({
			fields: [
				{ fieldname: "by_user", fieldtype: "Link", options: "User", label: __("Who"), reqd: 1, get_query, ignore_link_validation: 1 },
				{ fieldtype: "Column Break" },
				{ fieldname: "from_date", fieldtype: "Date", label: __("From"), default: today, reqd: 1 },
				{ fieldtype: "Column Break" },
				{ fieldname: "until_date", fieldtype: "Date", label: __("Until"), description: __("This day included. Empty: until you end it") },
			],
			body: this.$panel.find(".dogan-inbox-form")[0],
		});
		this.form.make();
		dogan.inbox.name_controls(this.form);
	}

	async refresh() {
		const found = await frappe.xcall("dogansystem.api.inbox.substitutes");
		for (const whose of ["mine", "for_others"]) {
			const rows = found[whose].map((each) => row_of(each, found.people, whose === "mine"));
			const none = whose === "mine" ? __("Nobody stands in for you.") : __("You stand in for nobody.");
			this.$panel.find(`[data-whose=${whose}]`).html(rows.join("") || `<li class="text-muted">${none}</li>`);
		}
		this.counted(found);
	}

	async add($button) {
		const values = this.form.get_values();
		if (!values) return;
		$button.prop("disabled", true);
		try {
			await frappe.db.insert({ doctype: "Dogan Substitute", for_user: frappe.session.user, ...values });
			this.form.set_value("by_user", "");
			this.form.set_value("until_date", "");
			frappe.show_alert({ message: __("It is set: they are asked as well, and it says for whom they decide."), indicator: "green" });
			await this.refresh();
		} finally {
			$button.prop("disabled", false);
		}
	}

	end(name) {
		frappe.confirm(__("Let nobody stand in for you here any more?"), async () => {
			await frappe.xcall("frappe.client.delete", { doctype: "Dogan Substitute", name });
			await this.refresh();
		});
	}
};

function row_of({ name, user, from_date, until_date, is_now }, people, is_mine) {
	const from = from_date ? __("from {0}", [day(from_date)]) : "";
	const until = until_date ? __("until {0}", [day(until_date)]) : __("until it is ended");
	const state = is_now ? `<span class="indicator-pill no-indicator-dot green">${__("now")}</span>` : "";
	const buttons = is_mine
		? `<a class="btn btn-sm btn-default" href="${frappe.utils.get_form_link("Dogan Substitute", name)}">${__("Change")}</a>
			<button type="button" class="btn btn-sm btn-default" data-delete="${escape(name)}">${__("End")}</button>`
		: "";
	return `<li><div class="dogan-inbox-what"><b>${dogan.inbox.person(people, user)}</b> ${state}
		<div class="text-muted">${[from, until].filter(Boolean).join(" ")}</div></div>${buttons}</li>`;
}

// Beside what waits: for whom whoever looks stands in just now.
dogan.inbox.stands_in_note = ({ for_others, mine, people }) => {
	const name = (each) => dogan.inbox.person(people, each.user);
	const now = (those) => those.filter(({ is_now }) => is_now).map(name).join(", ");
	const notes = [];
	if (now(for_others)) notes.push(__("You stand in for {0}.", [now(for_others)]));
	if (now(mine)) notes.push(__("{0} stands in for you.", [now(mine)]));
	return notes.map((note) => `<div class="dogan-help">${note}</div>`).join("");
};
