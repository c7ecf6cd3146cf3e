// What a node says of its step in a run: state, items done of how many, time, attempts.

import { STATE_COLOURS, STEP_FINISHED } from "../dogan_runs/states";

// `host.state(status)` is a state in words, `host.took(from, to)` the time between two moments.
export function progress_of(step, host, waits = []) {
	const { __ } = host;
	const parts = [host.state(step.status)];
	const items = Object.entries(step.items || {});
	const count = (some) => some.reduce((sum, [, number]) => sum + number, 0);
	if (items.length) {
		parts.push(__("{0} of {1} items", [count(items.filter(([state]) => STEP_FINISHED.includes(state))), count(items)]));
	}
	if (step.started_at && (step.finished_at || step.status === "Running")) parts.push(host.took(step.started_at, step.finished_at));
	if (step.asked) parts.push(step.asked.turns === 1 ? __("1 turn") : __("{0} turns", [step.asked.turns]));
	const asked = waits.flatMap((wait) => (wait.step === step.step && wait.kind === "decision" && wait.asked) || []);
	if (asked.length) parts.push(__("waits for {0}", [[...new Set(asked)].join(", ")]));
	if (step.attempts > 1 && !step.asked) parts.push(__("{0} attempts", [step.attempts]));
	return { colour: STATE_COLOURS[step.status], text: parts.join(" · ") };
}

export const progress_of_run = (steps, host, waits) => Object.fromEntries(steps.map((step) => [step.step, progress_of(step, host, waits)]));
