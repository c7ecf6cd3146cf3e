// The page AI Agents: all of them, or one with what it was asked, let do, and has spent beside what it may spend.

frappe.provide("dogan");

const SPANS = [
	[7, __("Last 7 days")],
	[30, __("Last 30 days")],
	[90, __("Last 90 days")],
];
const OUTCOMES = {
	Answered: [__("answered"), "green"],
	"Gave Up": [__("gave up"), "orange"],
	Failed: [__("failed"), "red"],
	Open: [__("under way"), "blue"],
};
const STATES = { ...OUTCOMES, Succeeded: OUTCOMES.Answered };
const DECISIONS = {
	Approved: __("approved"),
	Rejected: __("rejected"),
	Expired: __("not decided in time"),
	Open: __("waiting"),
};

dogan.AgentsPage = class {
	constructor(page) {
		this.page = page;
		this.days = SPANS[1][0];
		this.$body = $(`<div class="dogan-agents"></div>`).appendTo(page.main);
		this.$body.on("click", "[data-agents-new]", () => frappe.new_doc("Dogan Agent", { kind: "AI" }));
		this.$body.on("click", "[data-agents-days]", (event) => {
			this.days = Number(event.currentTarget.dataset.agentsDays);
			this.show();
		});
	}

	async show() {
		const agent = frappe.get_route()[1] || "";
		this.agent = agent;
		this.page.clear_actions();
		this.page.set_title(__("AI Agents"));
		try {
			const found = agent
				? await frappe.xcall("dogansystem.api.ai_agents.get", { agent, days: this.days })
				: await frappe.xcall("dogansystem.api.ai_agents.list_agents");
			if (this.agent !== agent) return;
			agent ? this.draw(found) : this.draw_list(found);
		} catch (error) {
			if (this.agent === agent) this.$body.html(empty(__("There is no AI agent of this name."), all_button()));
		}
	}

	draw_list(agents) {
		this.page.set_primary_action(__("New AI Agent"), () => frappe.new_doc("Dogan Agent", { kind: "AI" }));
		if (!agents.length) {
			const steps = [
				__("Set up a model: where it is and what it costs."),
				__("Make an agent of the kind AI: its user, its tools, its limits."),
				__("Let a step of a workflow ask it, with the action agent.ask."),
			];
			const buttons = `<a class="btn btn-sm btn-primary" href="/app/dogan-model">${__("Models")}</a>
				<button type="button" class="btn btn-sm btn-default" data-agents-new>${__("New AI Agent")}</button>`;
			this.$body.html(empty(__("There is no AI agent yet."), `<ol>${steps.map((each) => `<li>${each}</li>`).join("")}</ol>${buttons}`));
			return;
		}
		this.$body.html(`<div class="dogan-agents-cards">${agents.map(card).join("")}</div>`);
	}

	draw(found) {
		this.page.set_title(found.agent);
		this.page.set_primary_action(__("Open the Agent"), () => frappe.set_route("Form", "Dogan Agent", found.agent));
		const asked = Object.values(found.outcomes).reduce((sum, count) => sum + count, 0);
		const total = (name) => found.days.reduce((sum, day) => sum + day[name], 0);
		if (!asked && !found.latest.length && !total("requests")) return this.draw_unasked(found);
		this.$body.html(`
			${spans(this.days)}
			<section class="dogan-agents-figures" aria-label="${__("Figures")}">${figures(found, asked, total).map(figure).join("")}</section>
			<section class="dogan-agents-charts">
				${chart(__("Cost by day, and the limit"), found.days, "cost", dogan.cost, found.limit)}
				${chart(__("Tokens by day"), found.days, "tokens", count)}${chart(__("Asks by day"), found.days, "asks", count)}
			</section>
			${latest(found.latest)}
			<p class="text-muted">${__("Runs that were deleted are counted no more; what was spent is.")}</p>`);
	}

	draw_unasked(found) {
		const text = found.tools
			? __("Let a step of a workflow ask it, with the action agent.ask. What it does is then seen here.")
			: __("It has no tools: it can only answer. Give it some on its form, then let a step of a workflow ask it, with the action agent.ask.");
		const buttons = `<a class="btn btn-sm btn-primary" href="/app/dogan-workflow">${__("Workflows")}</a>
			<a class="btn btn-sm btn-default" href="${frappe.utils.get_form_link("Dogan Agent", found.agent)}">${__("Open the Agent")}</a>`;
		this.$body.html(`${spans(this.days)}${empty(__("It was asked nothing in this time."), `<p>${text}</p>${buttons}`)}`);
	}
};

const escape = (text) => dogan.escape(text);

function spans(chosen) {
	const buttons = SPANS.map(
		([days, label]) => `<button type="button" class="btn btn-xs ${days === chosen ? "btn-primary" : "btn-default"}" aria-pressed="${days === chosen}" data-agents-days="${days}">${label}</button>`
	);
	return `<div class="dogan-agents-spans"><span role="group" aria-label="${__("Span")}">${buttons.join(" ")}</span>
		<a class="btn btn-xs btn-default" href="/app/dogan-agents">${__("All AI Agents")}</a></div>`;
}

function empty(title, html) {
	return `<div class="dogan-agents-empty"><h4>${title}</h4>${html}</div>`;
}

const all_button = () => `<a class="btn btn-sm btn-default" href="/app/dogan-agents">${__("All AI Agents")}</a>`;

function counted(counts, words) {
	return Object.entries(words)
		.filter(([name]) => counts[name])
		.map(([name, word]) => `${format_number(counts[name], null, 0)} ${Array.isArray(word) ? word[0] : word}`)
		.join(", ");
}

function figures({ outcomes, failures, decisions, workflows, minutes, spent, limit, site_spent, site_limit }, asked, total) {
	const kinds = Object.entries(failures).map(([kind, count]) => `${count} ${escape(kind)}`).join(", ");
	const decided = (decisions.Approved || 0) + (decisions.Rejected || 0);
	const without = workflows.filter((each) => !each.minutes);
	return [
		[__("Asks"), format_number(asked, null, 0), counted(outcomes, OUTCOMES) || __("none"), ""],
		[__("Failed"), format_number(outcomes.Failed, null, 0), kinds || __("nothing failed"), outcomes.Failed ? "is-bad" : ""],
		[__("Calls decided by people"), format_number(decided, null, 0), counted(decisions, DECISIONS) || __("nobody was asked"), ""],
		[__("Spent today"), `${dogan.cost(spent)} <small>${__("of {0}", [dogan.cost(limit)])}</small>`, __("all agents: {0} of {1}", [dogan.cost(site_spent), dogan.cost(site_limit)]), spent >= limit ? "is-bad" : "", limit ? spent / limit : 0],
		[__("Cost"), dogan.cost(total("cost")), __("{0} requests, {1} tokens", [format_number(total("requests"), null, 0), format_number(total("tokens"), null, 0)]), ""],
		[__("Hours of people's work saved"), minutes ? format_number(minutes / 60, null, 1) : "–", saved(minutes, without), ""],
	];
}

function saved(minutes, without) {
	if (minutes && !without.length) return __("as the authors of its workflows say");
	const [first] = without;
	if (!first) return __("it has not answered yet");
	return __("{0} does not say how many minutes it saves: its field Minutes Saved, in the tab Runs", [
		dogan.link("Dogan Workflow", first.workflow, first.title),
	]);
}

function figure([title, value, below, mark, share]) {
	const bar = share === undefined ? "" : `<div class="dogan-agents-bar" aria-hidden="true"><span style="width: ${Math.min(100, Math.round(share * 100))}%"></span></div>`;
	return `<div class="dogan-agents-figure"><div class="text-muted">${title}</div>
		<div class="dogan-agents-value ${mark}">${value}</div>${bar}<div class="text-muted">${below}</div></div>`;
}

const count = (value) => format_number(value, null, 0);

// A bar for each day, and the limit where the bars come near it.
function chart(title, days, name, shown, limit = 0) {
	const most = Math.max(...days.map((day) => day[name]));
	const top = most > limit / 3 ? Math.max(most, limit) : most;
	const day_of = ({ day }) => moment(day).format("D MMM");
	const bars = days.map((day) => `<span style="height: ${top ? (100 * day[name]) / top : 0}%" title="${day_of(day)}: ${shown(day[name])}"></span>`);
	const line = limit && top >= limit ? `<i style="bottom: ${(100 * limit) / top}%"><em>${__("limit")} ${shown(limit)}</em></i>` : "";
	const said = days.filter((day) => day[name]).map((day) => `${day_of(day)}: ${shown(day[name])}`);
	return `<div class="dogan-agents-chart"><div class="text-muted">${title}</div>
		<div class="text-muted small">${shown(top)}</div>
		<div class="dogan-agents-bars" role="img" aria-label="${title}. ${said.join(", ") || __("none")}">${bars.join("")}${line}</div>
		<div class="dogan-agents-ends text-muted small"><span>${day_of(days[0])}</span><span>${day_of(days[days.length - 1])}</span></div></div>`;
}

function card({ agent, outcomes, spent, limit }) {
	const asked = counted(outcomes, OUTCOMES);
	return `<a class="dogan-agents-card" href="/app/dogan-agents/${encodeURIComponent(agent)}"><h4 dir="auto">${escape(agent)}</h4>
		<p>${asked ? __("In the last 7 days: {0}", [asked]) : __("Asked nothing in the last 7 days")}</p>
		<p class="text-muted">${__("Spent today: {0} of {1}", [dogan.cost(spent), dogan.cost(limit)])}</p></a>`;
}

function latest(asks) {
	if (!asks.length) return "";
	const rows = asks.map(
		(each) => `<tr><td>${dogan.time(each.began_at)}</td>
			<td>${dogan.link("Dogan Workflow Run", each.run, each.workflow)}</td>
			<td>${pill(each)}${each.error ? ` <span class="dogan-agents-error" dir="auto">${escape(each.error)}</span>` : ""}</td>
			<td class="text-right">${format_number(each.tokens, null, 0)}</td><td class="text-right">${dogan.cost(each.cost)}</td></tr>`
	);
	const heads = [__("When"), __("Run"), __("Outcome")].map((each) => `<th scope="col">${each}</th>`);
	const numbers = [__("Tokens"), __("Cost")].map((each) => `<th scope="col" class="text-right">${each}</th>`);
	return `<section><h4>${__("Latest asks")}</h4><div class="dogan-agents-scroll" tabindex="0" role="region" aria-label="${__("Latest asks")}"><table class="table table-sm">
		<thead><tr>${[...heads, ...numbers].join("")}</tr></thead><tbody>${rows.join("")}</tbody></table></div></section>`;
}

function pill({ state }) {
	const [label, colour] = STATES[state] || [dogan.state_label(state), dogan.STATE_COLOURS[state]];
	return `<span class="indicator-pill no-indicator-dot ${colour}">${label}</span>`;
}
