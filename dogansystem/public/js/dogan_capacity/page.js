// The page itself: its sections, its buttons, and when it looks again.

const LOOK_AGAIN = 10; // seconds, at the figures of this moment
const CHARTS_AGAIN = 60; // seconds: as often as there is a new sample
const SPANS = [
	[1, __("Last hour")],
	[6, __("Last 6 hours")],
	[24, __("Last day")],
	[24 * 7, __("Last 7 days")],
];

dogan.CapacityPage = class {
	constructor(page) {
		this.page = page;
		this.hours = SPANS[0][0];
		this.$body = $(`<div class="dogan-capacity"></div>`).appendTo(page.main);
		this.$sentence = this.section("", "dogan-capacity-sentence");
		this.$sentence.attr("role", "status");
		this.$figures = this.section("", "dogan-capacity-figures");
		this.$nodes = this.section(__("Nodes"), "dogan-capacity-nodes");
		this.$charts = this.section(__("Lately"), "dogan-capacity-charts");
		this.add_span();
		this.draw_advice();
		const $baselines = this.section(__("Baselines"), "dogan-capacity-baselines");
		this.$report = this.section(__("Comparison"), "dogan-capacity-report");
		this.$report.closest(".dogan-capacity-section").addClass("hidden");
		this.baselines = new dogan.capacity.Baselines($baselines, this.$report);
		this.add_buttons();
	}

	section(title, name) {
		const $section = $(`<div class="dogan-capacity-section">
			${title ? `<h4>${title}</h4>` : ""}<div class="${name}"></div>
		</div>`);
		return $section.appendTo(this.$body).children().last();
	}

	// Filled by what provides advice, if something does.
	draw_advice() {
		if (dogan.capacity.show_advice) {
			dogan.capacity.show_advice(this.section(__("Advice"), "dogan-capacity-advice"));
		}
	}

	add_buttons() {
		this.page.set_primary_action(__("Record Baseline"), () => this.baselines.record());
		const compare = () => this.baselines.choose();
		// Beside it there is no room for another one on a phone.
		if (frappe.is_mobile()) this.page.add_menu_item(__("Compare"), compare);
		else this.page.set_secondary_action(__("Compare"), compare);
	}

	// The charts' span is chosen beside their heading.
	add_span() {
		const options = SPANS.map(([value, label]) => `<option value="${value}">${label}</option>`);
		const $select = $(`<select class="form-control input-xs dogan-capacity-span" aria-label="${__("Span")}">${options.join("")}</select>`);
		$select.on("change", () => {
			this.hours = Number($select.val());
			this.draw_charts();
		});
		this.$charts.prev("h4").append($select);
	}

	async show() {
		this.is_shown = true;
		await Promise.all([this.refresh(), this.baselines.refresh()]);
		const baseline = (frappe.route_options || {}).compare;
		if (baseline) {
			frappe.route_options = null;
			await this.baselines.compare({ baseline, minutes: this.baselines.minutes });
		}
	}

	hide() {
		this.is_shown = false;
		clearTimeout(this.timer);
	}

	async refresh() {
		clearTimeout(this.timer);
		if (!document.hidden) {
			this.status = await frappe.xcall("dogansystem.api.status.get_system_status");
			dogan.capacity.draw_now(this.$sentence, this.$figures, this.$nodes, this.status);
			if (!this.charts_at || Date.now() - this.charts_at >= CHARTS_AGAIN * 1000) {
				await this.draw_charts();
			}
		}
		if (this.is_shown) this.timer = setTimeout(() => this.refresh(), LOOK_AGAIN * 1000);
	}

	async draw_charts() {
		this.charts_at = Date.now();
		await dogan.capacity.draw_charts(this.$charts, this.hours, Object.keys(this.status.nodes));
	}
};
