// The timeline of one run: its steps from above to below, what each did, how long it took, what went wrong.

import { AGENT_ASK, facts_of_ask, what_to_do_of_ask } from "./conversation";

frappe.provide("dogan");

dogan.Timeline = class Timeline {
	// `on_retry(step)` is called when somebody wants the run to go again from a step, `on_signal(wait)` when somebody wants to
	// send the signal that a step waits for.
	constructor({ wrapper, on_retry, on_signal }) {
		this.wrapper = $(wrapper);
		this.on_retry = on_retry;
		this.on_signal = on_signal;
		this.open = new Set();
		this.unfolded_calls = new Set(); // turns and calls of an agent
		this.items = {};
	}

	draw(view) {
		this.view = view;
		const unfolded = this.unfolded();
		const focused = this.wrapper.find(".dogan-step-title:focus").closest(".dogan-step").attr("data-step");
		this.wrapper.html(`<div class="dogan-timeline">
			${this.summary()}
			${dogan.parent_of_run(view)}${dogan.again_of_run(view)}
			${dogan.undoing_of_run(view)}
			${view.steps.map((step) => this.step(step)).join("")}
		</div>`);
		this.wrapper.children().get(0).addEventListener("toggle", ({ target }) => this.note_unfolded(target), true);
		this.wrapper.find(".dogan-step-head, .dogan-facts").on("click", (event) => this.toggle(event));
		this.wrapper.find(".dogan-facts a").on("click", (event) => event.stopPropagation());
		this.wrapper.find(".dogan-retry").on("click", (event) => {
			this.on_retry($(event.currentTarget).attr("data-step") || null);
			return false;
		});
		this.wrapper.find(".dogan-compare-before").on("click", () => dogan.compare_runs(view.run.again_of, view.run.name));
		this.wrapper.find(".dogan-send-signal").on("click", (event) => {
			this.on_signal(view.waits[$(event.currentTarget).attr("data-wait")]);
			return false;
		});
		unfolded.forEach((step) => this.row_of(step).find(".dogan-step-error details").attr("open", true));
		this.open.forEach((step) => this.draw_details(step));
		if (focused) this.row_of(focused).find(".dogan-step-title").trigger("focus");
	}

	// What somebody has opened on another timeline of the same run stays open.
	keep_open_of(before, run) {
		if (before?.view?.run.name === run) Object.assign(this, { open: before.open, unfolded_calls: before.unfolded_calls });
	}

	note_unfolded({ dataset, open, parentElement }) {
		const step = $(parentElement).closest(".dogan-step").attr("data-step");
		if (dataset.key && step) this.unfolded_calls[open ? "add" : "delete"](`${step} ${dataset.key}`);
	}

	// The steps whose original error somebody looks at.
	unfolded() {
		const found = this.wrapper.find(".dogan-step-error details[open]").closest(".dogan-step");
		return found.toArray().map((each) => $(each).attr("data-step"));
	}

	summary() {
		const { run, steps } = this.view;
		const count = (...states) => steps.filter((step) => states.includes(step.status)).length;
		const parts = [__("{0} of {1} steps done", [count("Succeeded", "Skipped", "Compensated"), steps.length])];
		if (count("Failed")) parts.push(__("{0} failed", [count("Failed")]));
		const items = run.failures - count("Failed");
		if (items > 0) parts.push(__("{0} items failed", [items]));
		if (run.started_at) {
			parts.push(dogan.duration(dogan.seconds_between(run.started_at, run.finished_at)));
		}
		const version = dogan.link("Dogan Workflow Version", run.version, __("version {0}", [run.version_number]));
		if (run.version_number) parts.push(version);
		return `<div class="dogan-summary">
			<div class="dogan-bar" aria-hidden="true">${steps.map((step) => `<span class="dogan-bar-part ${this.colour(step)}"></span>`).join("")}</div>
			<div class="dogan-summary-text text-muted">${parts.join(" · ")}</div>
			${this.retry_on_phone()}
		</div>${this.run_error()}`;
	}

	// The form's own buttons are in a menu there.
	retry_on_phone() {
		const { run, may_change } = this.view;
		if (!may_change || !["Failed", "Cancelled"].includes(run.status)) return "";
		return `<button type="button" class="btn btn-sm btn-primary d-sm-none dogan-retry">${__("Retry")}</button>`;
	}

	// What ended the run, unless the step that failed says it below.
	run_error() {
		const { run, steps } = this.view;
		if (!(run.error_type || run.error) || steps.some((step) => step.error === run.error)) return "";
		return dogan.error_block(run.error_type, run.error);
	}

	colour(step) {
		return `dogan-${dogan.STATE_COLOURS[step.status]} dogan-state-${step.status.toLowerCase()}`;
	}

	step(step) {
		const retry =
			this.view.may_change && dogan.FINISHED.includes(this.view.run.status) && step.status !== "Pending"
				? `<button type="button" class="btn btn-xs btn-default dogan-retry" data-step="${dogan.escape(step.step)}"
					aria-label="${dogan.escape(`${__("Retry from Here")}: ${step.title || step.step}`)}">
					${__("Retry from Here")}</button>`
				: "";
		return `<div class="dogan-step" data-step="${dogan.escape(step.step)}">
			<div class="dogan-rail"><span class="dogan-dot ${this.colour(step)}"></span></div>
			<div class="dogan-step-body">
				<div class="dogan-step-head">
					<button type="button" class="dogan-step-title" aria-expanded="${this.open.has(step.step)}">
						<span class="dogan-chevron" aria-hidden="true">${frappe.utils.icon("right", "xs")}</span>
						<span class="bold">${dogan.escape(step.title || step.step)}</span>
						<span class="dogan-action">${dogan.escape(step.action)}</span>
					</button>
					<div class="dogan-step-end">${retry}${dogan.state_pill(step.status)}</div>
				</div>
				<div class="dogan-facts text-muted">${this.facts(step).join("<span> · </span>")}</div>
				${dogan.waits_of_step(this.view, step)}${dogan.children_of_step(this.view, step)}
				<div class="dogan-step-error">${step.error_type ? dogan.error_block(step.error_type, step.error) : ""}</div>
				${what_to_do_of_ask(step)}
				<div class="dogan-details"></div>
			</div>
		</div>`;
	}

	facts(step) {
		const facts = [];
		if (step.title) facts.push(`<code>${dogan.escape(step.step)}</code>`);
		if (step.started_at) facts.push(dogan.time(step.started_at));
		if (step.started_at && (step.finished_at || step.status === "Running")) {
			facts.push(dogan.duration(dogan.seconds_between(step.started_at, step.finished_at)));
		}
		if (step.branch) facts.push(`<span class="dogan-branch">${dogan.arrow()} ${dogan.escape(step.branch)}</span>`);
		const waits = this.view.waits.some((wait) => wait.step === step.step && wait.kind in dogan.WAITS);
		if (step.status === "Waiting" && step.wait_until && !waits) {
			facts.push(__("until {0}", [dogan.time(step.wait_until)]));
		}
		if (step.attempts > 1 && !step.asked) facts.push(__("{0} attempts", [step.attempts]));
		facts.push(...facts_of_ask(step));
		if (step.agent) facts.push(dogan.link("Dogan Agent", step.agent));
		if (step.worker) facts.push(`<span class="dogan-worker">${dogan.escape(step.worker)}</span>`);
		const items = Object.entries(step.items || {});
		if (items.length) {
			facts.push(items.map(([state, count]) => `${count} ${dogan.state_label(state).toLowerCase()}`).join(", "));
		}
		return facts;
	}

	toggle(event) {
		const step = $(event.currentTarget).closest(".dogan-step").attr("data-step");
		if (this.open.has(step)) {
			this.open.delete(step);
			this.row_of(step).removeClass("is-open").find(".dogan-details").empty();
			this.row_of(step).find(".dogan-step-title").attr("aria-expanded", false);
		} else {
			this.open.add(step);
			this.draw_details(step);
		}
	}

	// Open a step, and bring it into view.
	show(step) {
		this.open.add(step);
		this.draw_details(step);
		this.row_of(step).get(0)?.scrollIntoView({ block: "center", behavior: "smooth" });
	}

	row_of(step) {
		return this.wrapper.find(`.dogan-step[data-step="${CSS.escape(step)}"]`);
	}

	async draw_details(name) {
		const step = this.view.steps.find((each) => each.step === name);
		this.row_of(name).addClass("is-open").find(".dogan-step-title").attr("aria-expanded", true);
		const args = { run: this.view.run.name, step: name };
		const [details, asks] = await Promise.all([
			frappe.xcall("dogansystem.api.run_page.step_details", args),
			step.action === AGENT_ASK ? frappe.xcall("dogansystem.api.ai_agents.conversation", args) : [],
		]);
		if (!this.open.has(name)) return;
		const is_open = (key) => this.unfolded_calls.has(`${name} ${key}`);
		const parts = asks.length ? [block(__("What the agent did"), dogan.conversation_html(asks, is_open))] : [];
		if (details.params !== null) parts.push(block(__("Parameters"), dogan.values_block(details.params)));
		if (details.output !== null) parts.push(block(__("Output"), dogan.values_block(details.output)));
		if (details.earlier_attempts.length) {
			parts.push(block(__("Earlier Attempts"), attempt_table(details.earlier_attempts)));
		}
		if (details.errors.length) parts.push(block(__("Errors of Items"), dogan.json_block(details.errors)));
		if (details.items.length) parts.push(block(__("Items"), this.item_table(name, details)));
		if (details.traceback) parts.push(dogan.folded(__("Traceback"), details.traceback));
		if (!parts.length) {
			parts.push(`<div class="text-muted">${step.finished_at ? __("No output") : __("Nothing yet")}</div>`);
		}
		parts.push(`<div>${dogan.link("Dogan Step Run", step.name, __("Open this step"))}</div>`);
		const shown = this.row_of(name).find(".dogan-details").html(parts.join(""));
		shown.off("click").on("click", ".dogan-more-items", (event) => this.show_more_items(name, $(event.currentTarget)));
	}

	item_table(step, { items, item_total }) {
		const rest = item_total - items.length;
		return `<table class="table table-sm dogan-items">${this.item_rows(step, items)}</table>${this.more_items(rest)}`;
	}

	item_rows(step, items) {
		return items
			.map(
				(item) => `<tr>
				<td>${dogan.link("Dogan Step Run", `${this.view.run.name}.${step}.${item.item}`, item.item)}</td>
				<td>${dogan.state_pill(item.status)}</td>
				<td class="dogan-clip" title="${dogan.escape(item.item_value)}">${dogan.escape(item.item_value)}</td>
				<td class="dogan-clip" title="${dogan.escape(item.error || item.output)}">
					${item.error ? `<span class="text-danger">${dogan.escape(item.error)}</span>` : dogan.escape(item.output)}
				</td>
				<td>${item.attempts > 1 ? __("{0} attempts", [item.attempts]) : ""}</td>
			</tr>`
			)
			.join("");
	}

	more_items(rest) {
		if (rest <= 0) return "";
		return `<button type="button" class="btn btn-xs btn-default dogan-more-items">${__("and {0} more", [rest])}</button>`;
	}

	// A page at a time: a step may have very many.
	async show_more_items(name, button) {
		button.attr("disabled", true);
		const table = button.prev("table");
		const first = table.find("tr").length;
		const args = { run: this.view.run.name, step: name, first };
		const items = await frappe.xcall("dogansystem.api.run_page.items", args);
		table.append(this.item_rows(name, items));
		const { items: counts } = this.view.steps.find((each) => each.step === name);
		const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
		button.replaceWith(this.more_items(items.length ? total - first - items.length : 0));
	}
};

function attempt_table(attempts) {
	const rows = attempts.map(
		(each) => `<tr>
			<td>${each.attempt}</td>
			<td class="text-nowrap">${dogan.time(each.started_at)}</td>
			<td class="dogan-worker">${dogan.escape(each.worker)}</td>
			<td>
				<span class="dogan-error">${dogan.escape(each.error_type)}: ${dogan.escape(each.error)}</span>
				${each.params ? dogan.folded_html(__("Parameters"), dogan.values_block(each.params)) : ""}
			</td>
		</tr>`
	);
	return `<table class="table table-sm dogan-items">${rows.join("")}</table>`;
}

function block(label, html) {
	return `<div class="dogan-block"><div class="dogan-label text-muted">${label}</div>${html}</div>`;
}
