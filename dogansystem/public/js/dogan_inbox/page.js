// The page itself: its three parts, and when it looks again.

frappe.provide("dogan.inbox");

const EVENT = "dogan_inbox_changed";
const WITH_SOCKET = 60; // seconds between two looks: something may have been missed
const WITHOUT = 15;
const PARTS = [
	["waiting", __("Waiting")],
	["decided", __("Decided Lately")],
	["substitutes", __("Substitutes")],
];

dogan.Inbox = class {
	// `waiting`: the first answer of what waits, under way.
	constructor(page, waiting) {
		const tab = ([part, label]) =>
			`<button type="button" role="tab" id="dogan-tab-${part}" aria-controls="dogan-panel-${part}" data-part="${part}">${label}</button>`;
		const panel = ([part]) => `<div role="tabpanel" id="dogan-panel-${part}" aria-labelledby="dogan-tab-${part}" class="dogan-inbox-panel"></div>`;
		this.$body = $(`<div class="dogan-inbox">
			<div class="dogan-inbox-tabs" role="tablist" aria-label="${__("My Approvals")}">${PARTS.map(tab).join("")}</div>
			${PARTS.map(panel).join("")}
		</div>`).appendTo(page.main);
		const panel_of = (part) => this.$body.find(`#dogan-panel-${part}`);
		const $note = () => panel_of("waiting").find(".dogan-inbox-note");
		this.parts = {
			waiting: new dogan.inbox.Waiting(panel_of("waiting"), (total) => this.count(total), waiting),
			decided: new dogan.inbox.Decided(panel_of("decided")),
			substitutes: new dogan.inbox.Substitutes(panel_of("substitutes"), (found) => $note().html(dogan.inbox.stands_in_note(found))),
		};
		this.listen();
		this.choose("waiting");
	}

	listen() {
		this.$body.on("click", "[role=tab]", (event) => this.choose(event.currentTarget.dataset.part, true));
		this.$body.on("keydown", "[role=tab]", (event) => this.step(event));
		frappe.realtime.on(EVENT, () => this.look());
		document.addEventListener("visibilitychange", () => this.look());
	}

	// Arrows go from one part to the next, as people who use the keyboard expect of tabs.
	step(event) {
		const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
		if (!by) return;
		const $tabs = this.$body.find("[role=tab]");
		const direction = frappe.utils.is_rtl() ? -by : by;
		const next = ($tabs.index(event.currentTarget) + direction + $tabs.length) % $tabs.length;
		$tabs.eq(next).trigger("focus").trigger("click");
	}

	choose(part, is_asked = false) {
		this.part = part;
		for (const [each] of PARTS) {
			const is_chosen = each === part;
			this.$body.find(`#dogan-tab-${each}`).attr({ "aria-selected": is_chosen, tabindex: is_chosen ? 0 : -1 });
			this.$body.find(`#dogan-panel-${each}`).toggle(is_chosen);
		}
		if (is_asked) this.parts[part].refresh();
	}

	count(total) {
		const label = PARTS[0][1];
		this.$body.find("#dogan-tab-waiting").text(total ? `${label} (${total})` : label);
	}

	async show(approval) {
		this.is_shown = true;
		const { waiting, decided, substitutes } = this.parts;
		const is_part = approval in this.parts;
		if (approval) this.choose(is_part ? approval : "waiting");
		await Promise.all([
			approval && !is_part ? waiting.show_first(approval) : waiting.refresh(),
			substitutes.refresh(),
			this.part === "decided" && decided.refresh(),
		]);
		this.plan();
	}

	hide() {
		this.is_shown = false;
		clearTimeout(this.timer);
	}

	plan() {
		clearTimeout(this.timer);
		const socket = frappe.realtime.socket;
		const seconds = socket && socket.connected ? WITH_SOCKET : WITHOUT;
		if (this.is_shown) this.timer = setTimeout(() => this.look(), seconds * 1000);
	}

	async look() {
		if (!this.is_shown) return;
		clearTimeout(this.timer);
		try {
			if (!document.hidden) await this.parts.waiting.refresh();
		} finally {
			this.plan();
		}
	}
};
