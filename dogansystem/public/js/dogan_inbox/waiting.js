// What waits: the cards, page by page, the oldest first; the boxes and what is done with those that are chosen.

frappe.provide("dogan.inbox");

const PAGE = 10; // as many as the server gives at once
const call = (method, args) => frappe.xcall(`dogansystem.api.inbox.${method}`, args);

dogan.inbox.Waiting = class {
	// `counted(total)`: how many wait. `found`: the first answer, under way.
	constructor($panel, counted, found) {
		this.counted = counted;
		this.found = found;
		this.cards = [];
		this.total = 0;
		this.$panel = $panel.html(`
			<div class="dogan-inbox-note"></div>
			<div class="dogan-inbox-head">
				<label class="dogan-inbox-all"><input type="checkbox"> ${__("Choose all that are shown")}</label>
			</div>
			<div class="dogan-inbox-cards"></div>
			<div class="dogan-inbox-empty dogan-help" role="status"></div>
			<button type="button" class="btn btn-default dogan-inbox-more"></button>
			<div class="dogan-inbox-bar" role="region" aria-label="${__("Decide the chosen ones")}">
				<span class="dogan-inbox-number" role="status"></span>
				<button type="button" class="btn btn-primary" data-decision="approved">${__("Approve")}</button>
				<button type="button" class="btn btn-default" data-decision="rejected">${__("Reject")}</button>
				<button type="button" class="btn btn-default" data-clear>${__("Choose None")}</button>
			</div>`);
		this.$cards = $panel.find(".dogan-inbox-cards");
		$panel.find(".dogan-inbox-head, .dogan-inbox-empty, .dogan-inbox-more, .dogan-inbox-bar").hide();
		this.on = { decided: (card) => this.after(card), changed: () => this.refresh(), chosen: () => this.draw_bar() };
		this.listen();
	}

	listen() {
		this.$panel.find(".dogan-inbox-all input").on("change", (event) => this.choose(event.target.checked));
		this.$panel.find(".dogan-inbox-more").on("click", () => this.more());
		this.$panel.find("[data-clear]").on("click", () => this.choose(false));
		this.$panel.find("[data-decision]").on("click", (event) => {
			dogan.inbox.decide_many(this.chosen, event.currentTarget.dataset.decision, () => this.refresh());
		});
	}

	get chosen() {
		return this.cards.filter((card) => card.is_chosen);
	}

	choose(is_chosen) {
		this.$cards.find("header input").prop("checked", is_chosen);
		this.draw_bar();
	}

	// Look at what waits now. Asked while it looks, it looks once more.
	async refresh() {
		if (this.is_looking) {
			this.is_behind = true;
			return;
		}
		this.is_looking = true;
		try {
			const found = await this.ask();
			await this.bring(found);
			this.draw(found);
		} finally {
			this.is_looking = false;
		}
		if (this.is_behind) {
			this.is_behind = false;
			await this.refresh();
		}
	}

	ask() {
		const found = this.found || call("waiting", { start: 0 });
		this.found = null;
		return found;
	}

	// The approval that a link led to stands first, whatever has become of it.
	async bring(found) {
		if (!this.first || found.items.some(({ approval }) => approval === this.first)) return;
		const { item, people } = await call("one", { approval: this.first });
		found.items.unshift(item);
		Object.assign(found.people, people);
	}

	async show_first(approval) {
		this.first = approval;
		await this.refresh();
		const card = this.card_of(approval);
		if (card) this.$cards.prepend(card.$card.addClass("is-first"));
	}

	card_of(approval) {
		return this.cards.find(({ item }) => item.approval === approval);
	}

	draw({ items, people, names, total }) {
		this.total = total;
		const gone = this.cards.filter(({ item }) => !names.includes(item.approval) && item.approval !== this.first);
		for (const card of gone) this.remove(card);
		for (const item of items) this.put(item, people);
		this.draw_rest();
	}

	remove(card) {
		if (card.is_busy) card.show_gone();
		else if (card.is_refused) card.end();
		if (card.is_decided) return; // it says what has become of it until the page is left
		card.$card.remove();
		this.cards = this.cards.filter((each) => each !== card);
	}

	put(item, people) {
		const known = this.card_of(item.approval);
		if (known) {
			known.update(item, people);
			return;
		}
		const card = new dogan.inbox.Card(item, people, this.on);
		this.cards.push(card);
		this.$cards.append(card.$card);
	}

	async more() {
		const start = this.cards.filter(({ is_decided, item }) => !is_decided && item.may_decide).length;
		const { items, people, total } = await call("waiting", { start, number: PAGE });
		const before = this.cards.length;
		for (const item of items) this.put(item, people);
		this.total = total;
		this.draw_rest();
		const first = this.cards[before];
		if (first) first.$card.find("button").first().trigger("focus");
	}

	draw_rest() {
		const shown = this.cards.filter(({ is_decided, item }) => !is_decided && item.may_decide).length;
		const left = Math.max(0, this.total - shown);
		this.counted(this.total);
		this.$panel.find(".dogan-inbox-empty").toggle(!this.total).text(__("Nothing waits for your decision."));
		this.$panel.find(".dogan-inbox-more").toggle(left > 0).text(__("Show {0} more", [Math.min(left, PAGE)]));
		this.$panel.find(".dogan-inbox-head").toggle(this.$cards.find("header input").length > 1);
		this.draw_bar();
	}

	draw_bar() {
		const number = this.chosen.length;
		const boxes = this.$cards.find("header input").length;
		this.$panel.find(".dogan-inbox-bar").toggle(number > 0);
		this.$panel.find(".dogan-inbox-number").text(number ? __("{0} chosen", [number]) : "");
		this.$panel.find(".dogan-inbox-all input").prop("checked", number > 0 && number === boxes);
	}

	// One was decided: what waits is counted anew, and whoever uses the keyboard goes on with the next one.
	after(card) {
		const next = card.$card.nextAll(".dogan-inbox-card:not(.is-decided)").find("button").first();
		(next.length ? next : card.$card.find(".dogan-inbox-result")).trigger("focus");
		this.refresh();
	}
};
