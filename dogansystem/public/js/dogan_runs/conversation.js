// What a step has asked an AI agent: each turn and each call of it, folded until somebody looks at it.

frappe.provide("dogan");

export const AGENT_ASK = "agent.ask";
const SHOWN_WORDS = 120; // characters of an answer before it is unfolded

export const turns_of = (count) => (count === 1 ? __("1 turn") : __("{0} turns", [count]));

// What is asked in short, for the line of facts below a step.
export function facts_of_ask({ asked }) {
	if (!asked) return [];
	return [turns_of(asked.turns), __("{0} tokens", [number(asked.tokens)]), ...cost_of(asked.cost)];
}

// What a step that gave up, or that may not spend more, says to whoever could do something about it.
export function what_to_do_of_ask({ asked, branch, error_type, agent }) {
	const page = agent ? dogan.agent_link(agent) : "";
	if (branch === "gave_up" && asked) {
		return notice(
			`${__("The agent gave up: {0}", [`<span dir="auto">${dogan.escape(asked.reason)}</span>`])}<br>
			${__("Give it what it lacks, such as a tool or a document, and retry from here; or let a person do it in the branch {0}.", ["<code>gave_up</code>"])}`,
			page
		);
	}
	if (error_type !== "BudgetExceeded") return "";
	return notice(__("It has stopped before it spent more. What it has done is below; a retry goes on from there."), page);
}

function notice(html, more) {
	return `<div class="dogan-ask-notice">${html} ${more}</div>`;
}

dogan.agent_link = (agent) =>
	["Dogan Manager", "System Manager"].some((role) => frappe.user.has_role(role))
		? `<a href="/app/dogan-agents/${encodeURIComponent(agent)}">${__("What this agent has done and spent")}</a>`
		: "";

// `is_open(key)`: whether somebody has unfolded a turn or a call.
dogan.conversation_html = (asks, is_open) => asks.map((ask, index) => ask_html(ask, `${index}`, is_open)).join("");

const STATES = {
	Open: () => __("under way"),
	Answered: () => __("answered"),
	"Gave Up": () => __("gave up"),
	Stopped: () => __("stopped"),
};

function ask_html(ask, key, is_open) {
	const { limits } = ask;
	const turns = limits ? __("{0} of {1} turns", [ask.turns.length, limits.turns]) : turns_of(ask.turns.length);
	const tokens = limits ? __("{0} of {1} tokens", [number(ask.tokens), number(limits.tokens)]) : __("{0} tokens", [number(ask.tokens)]);
	const cost = limits ? __("cost {0} of {1}", [dogan.cost(ask.cost), dogan.cost(limits.cost)]) : __("cost {0}", [dogan.cost(ask.cost)]);
	const facts = [STATES[ask.state](), turns, tokens, cost, ...took(ask.seconds)];
	return `<section class="dogan-ask"><div class="dogan-ask-head"><strong dir="auto">${dogan.escape(ask.agent)}</strong>
		<span class="text-muted">${facts.join(" · ")}</span></div>
		${ask.turns.map((turn) => dogan.turn_html(turn, key, is_open)).join("")}</section>`;
}

dogan.turn_html = (turn, prefix, is_open) => {
	const key = `${prefix}.${turn.number}`;
	const facts = [dogan.escape(turn.model), ...took(turn.seconds), __("{0} tokens", [number(turn.tokens.in + turn.tokens.out)]), ...cost_of(turn.cost)];
	if (turn.sendings > 1) facts.push(__("asked {0} times", [turn.sendings]));
	return `<details class="dogan-turn" data-key="${key}" ${is_open(key) ? "open" : ""}>
		<summary><span class="bold">${__("Turn {0}", [turn.number])}</span> <span dir="auto">${short_of(turn)}</span>
			<span class="text-muted dogan-turn-facts">${facts.join(" · ")}</span></summary>
		${turn.text ? `<div class="dogan-said" dir="auto">${dogan.escape(turn.text)}</div>` : ""}
		${turn.calls.map((call, index) => call_html(call, `${key}.${index}`, is_open)).join("")}
		${turn.problem ? `<div class="dogan-ask-notice">${__("Given back to the model: {0}", [dogan.escape(turn.problem)])}</div>` : ""}
		${!turn.text && !turn.calls.length ? `<div class="text-muted">${turn.state === "Asking" ? __("The model has not answered yet") : __("The answer was empty")}</div>` : ""}
	</details>`;
};

// What a turn came to, before it is unfolded.
function short_of(turn) {
	if (turn.calls.length) return turn.calls.map((call) => `<code>${dogan.escape(call.tool)}</code>`).join(", ");
	if (turn.state === "Asking") return __("asks");
	return dogan.escape(turn.text.length > SHOWN_WORDS ? `${turn.text.slice(0, SHOWN_WORDS)}…` : turn.text);
}

function call_html(call, key, is_open) {
	const facts = [...(call.what ? [`<code>${dogan.escape(call.what)}</code>`] : []), ...took(call.seconds)];
	if (call.approved_by) facts.push(__("approved by {0}", [`<bdi>${dogan.escape(call.approved_by)}</bdi>`]));
	if (call.asked) facts.push(__("waits for {0} to decide", [`<bdi>${dogan.escape(call.asked.join(", "))}</bdi>`]));
	return `<details class="dogan-call" data-key="${key}" ${is_open(key) ? "open" : ""}>
		<summary>${dogan.state_pill(call.state)} <span class="bold">${dogan.escape(call.tool)}</span>
			<span class="text-muted">${facts.join(" · ")}</span></summary>
		${call.approval ? `<div>${dogan.link("Dogan Approval", call.approval, __("What people were asked"))}</div>` : ""}
		${call.run ? `<div>${dogan.link("Dogan Workflow Run", call.run, __("The run that it has started"))}</div>` : ""}
		${call.hidden ? `<div class="text-muted">${__("It is about a document that you may not read.")}</div>` : call_data(call)}
	</details>`;
}

function call_data(call) {
	const error = call.error ? `<div class="dogan-error" dir="auto">${dogan.escape(call.error)}</div>` : "";
	const output = "output" in call ? labelled(__("Output"), dogan.values_block(call.output)) : "";
	return labelled(__("Parameters"), dogan.values_block(call.params)) + error + output;
}

const labelled = (label, html) => `<div class="dogan-block"><div class="dogan-label text-muted">${label}</div>${html}</div>`;
const took = (seconds) => (seconds === null || seconds === undefined ? [] : [dogan.duration(seconds)]);
const number = (value) => format_number(value, null, 0);
const cost_of = (cost) => (cost ? [__("cost {0}", [dogan.cost(cost)])] : []);

// An amount as people read it: what is small has three digits that say something.
dogan.cost = (cost) => (cost === 0 || cost >= 1 ? format_number(cost, null, cost === Math.round(cost) ? 0 : 2) : String(Number(Number(cost).toPrecision(3))));
