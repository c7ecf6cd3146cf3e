"""What must be true after every commit, whoever made it and whatever has crashed. Each function gives what is wrong."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from dogansystem.engine import approvals as approvals_of
from dogansystem.engine import flow
from dogansystem.engine.changes import NEVER
from dogansystem.engine.definition import ASKING
from dogansystem.engine.flow import Decision
from dogansystem.engine.limits import resource_of_run
from dogansystem.engine.outputs import decode
from dogansystem.engine.retry import CRASH_ATTEMPTS
from dogansystem.engine.states import (
	CANCELLED,
	COMPENSATED,
	FAILED,
	PAUSED,
	PENDING,
	READY,
	RUNNING,
	SKIPPED,
	SUCCEEDED,
	WAITING,
	may_run_change,
	may_step_change,
)
from dogansystem.store import approvals, batches, names
from tests.unit.simulation.definitions import AGENTS, WATCHED_ENDS
from tests.unit.simulation.snapshot import Run, Snapshot, StepRun


class Broken(AssertionError):
	"""An invariant does not hold. `rule` is its name."""

	def __init__(self, rule: str, problem: str):
		self.rule = rule
		super().__init__(f"{rule}: {problem}")


@dataclass(slots=True)
class Known:
	"""What the simulation knows beside the database.

	Attributes:
		generations: how often each step run was set back by a retry.
		purged: the runs that were deleted.
		seen: the runs that were there at the last look, and whether they had ended.
		stopped: the runs in which a step has said that they end here, whatever else happens in them.
		decided: what was decided, by the approval and by whom, and committed.
		most_runs: the highest `concurrent_runs` a workflow has had.
		ended: how often each run has ended in a way that is watched. `heard`: the runs that these ends have started, by the run
			that had ended.
		undos: what has begun to undo a step, by the name and the number of its row.
	"""

	generations: Counter[str] = field(default_factory=Counter)
	most_runs: dict[str, int] = field(default_factory=dict)
	stopped: set[str] = field(default_factory=set)
	purged: set[str] = field(default_factory=set)
	decided: dict[tuple[str, str], str] = field(default_factory=dict)
	seen: dict[str, bool] = field(default_factory=dict)
	ended: Counter[str] = field(default_factory=Counter)
	heard: dict[str, set[str]] = field(default_factory=dict)
	undos: set[tuple[str, int]] = field(default_factory=set)


def check(now: Snapshot, known: Known) -> None:
	"""Raise Broken for the first rule that does not hold."""
	for rule in RULES:
		for problem in rule(now, known):
			raise Broken(rule.__name__, problem)


def changes_are_allowed(now: Snapshot, known: Known) -> Iterator[str]:
	"""A run or a step run changes its state only as the tables in engine.states say."""
	for kind, name, old, new in now.changes:
		may = may_run_change if kind == "run" else may_step_change
		if not may(old, new):
			yield f"{kind} {name} went from {old} to {new}"


def halted_runs_start_nothing(now: Snapshot, known: Known) -> Iterator[str]:
	"""In a run that is paused, or about to end, no step begins."""
	for kind, name, old, new in now.changes:
		run = now.runs.get(name.split(".")[0])
		is_undo = kind == "step" and names.parts(name)[1] < 0
		halted = run and (run.status == PAUSED or (run.ending and not is_undo))
		if run and halted and kind == "step" and new == RUNNING:
			yield f"{name} went from {old} to {new} in a run that is {run.status} {run.ending}"


def each_step_is_in_one_place(now: Snapshot, known: Known) -> Iterator[str]:
	"""What a step's state says is where it is: in the queue, in hand, in line, asleep, parked in a paused run, or done."""
	for run in now.runs.values():
		for step in run.steps.values():
			places = now.places.get(step.name, [])
			if not _is_where_it_belongs(now, run, step, places):
				yield f"{step.name} is {step.status} in a run that is {run.status}, and stands in {places or 'no place'}"
	known_steps = {name for run in now.runs.values() for name in run.steps}
	for name in now.places.keys() - known_steps:
		yield f"{name} stands in {now.places[name]}, and there is no such step run"


def _is_where_it_belongs(now: Snapshot, run: Run, step: StepRun, places: list[str]) -> bool:
	if step.status == READY:
		return places == ([] if run.status == PAUSED else ["ready"])
	if step.status == RUNNING:
		return places == ["lease"] or (not places and _has_items(run, step))
	if step.status == WAITING:
		return places in (["line"], ["timer"])
	return not places


def _has_items(run: Run, step: StepRun) -> bool:
	return not step.item and bool(run.items(step.step))


def nothing_is_forgotten(now: Snapshot, known: Known) -> Iterator[str]:
	"""An unfinished run has a step in some place, or stands in line, or is paused; and all that follows was done."""
	in_line = {run for _, run, step_run in now.line if step_run is None}
	for run in now.unfinished:
		active = [step for step in run.steps.values() if step.name in now.places]
		waits_for_items = [step for step in run.steps.values() if _waits_for_items(now, run, step)]
		if run.name in in_line:
			if active or run.ending:
				yield f"{run.name} stands in line, yet {active or run.ending}"
			continue
		if run.status == PAUSED and not active and (run.compensating or not run.ending):
			continue
		if not active and not waits_for_items:
			yield f"nothing will ever happen to {run.name}, which is {run.status} {run.ending}: {run.states}"
		if run.ending:
			is_undone = run.compensating and any(step.item < 0 for step in active)
			runs = any(step.status == RUNNING for step in active)
			if not waits_for_items and not runs and not is_undone and run.status != PAUSED:
				yield f"{run.name} is ending as {run.ending} and nothing runs in it: {run.states}"
		elif (decision := flow.decide(run.definition, run.states, run.branches)) != Decision():
			yield f"{run.name} is {run.status} and its states lead to {decision}: {run.states}"


def _waits_for_items(now: Snapshot, run: Run, step: StepRun) -> bool:
	"""Whether a `for_each` step is in hand, has items that are, or is about to be completed, at the latest by the tick."""
	if step.item or step.status != RUNNING or not _has_items(run, step):
		return False
	places = {place for item in run.items(step.step) for place in now.places.get(item.name, [])}
	others = any(row[1] == run.name for row in [*now.ready, *now.leases])
	return bool(places) or others or (run.name, step.step) in now.repairable


def enough_items_are_open(now: Snapshot, known: Known) -> Iterator[str]:
	"""Of a `for_each` step, `max_parallel` items are open while there are pending ones; never more."""
	for run in now.unfinished:
		for step in run.steps.values():
			if step.item or not _has_items(run, step):
				continue
			states = Counter(item.status for item in run.items(step.step))
			most = run.definition.by_id[step.step].max_parallel
			is_open = states[READY] + states[RUNNING] + states[WAITING]
			if is_open > most:
				yield f"{step.name} has {is_open} items open, max_parallel is {most}"
			broken = states[FAILED] and run.definition.by_id[step.step].on_error == "fail"
			halted = broken or run.status == PAUSED or run.ending
			if states[PENDING] and is_open < most and not halted:
				yield f"{step.name} has {states[PENDING]} pending items and only {is_open} open, max_parallel is {most}"


def effects_happen_once(now: Snapshot, known: Known) -> Iterator[str]:
	"""What succeeded has acted once since it was last set back; what did not succeed has not acted."""
	for run in now.runs.values():
		for step in run.steps.values():
			generation = known.generations[step.name]
			kinds = [kind for made, kind in now.effects.get(step.name, []) if made == generation]
			if _has_items(run, step) or step.output == "[]":
				expected: tuple[list[str], ...] = ([],)
			elif step.status in (SUCCEEDED, COMPENSATED):
				expected = (["done"], ["wait"])
			elif step.status in (WAITING, CANCELLED):
				expected = ([], ["wait"])
			else:
				expected = ([],)
			if step.item >= 0 and run.definition.by_id[step.step].action == "flow.run":
				# Each attempt starts a run, and that one's failure comes after the attempt.
				expected = (*expected, *(["wait"] * number for number in range(1, step.attempts + 1)))
			if step.item >= 0 and run.definition.by_id[step.step].action in ASKING and step.status == FAILED:
				expected = (*expected, ["wait"])  # it has asked, and nobody was left who could decide
			if kinds not in expected:
				yield f"{step.name} is {step.status} and has acted {len(kinds)} times: {kinds}"


def slots_are_within_capacity(now: Snapshot, known: Known) -> Iterator[str]:
	"""Nobody holds more slots than there are; who holds one needs it; who needs one holds it."""
	for resource, count in Counter(resource for resource, _, _ in now.slots).items():
		kind, name = resource.split(":")[:2]
		capacity = AGENTS[name] if kind == "agent" else known.most_runs[name]
		if count > capacity:
			yield f"{count} slots of {resource} are held, there are {capacity}"
	held = Counter((resource, holder) for resource, _, holder in now.slots)
	needed = Counter(
		(f"agent:{agent}", step_run) for step_run, _, agent, *_ in [*now.ready, *now.leases] if agent
	)
	in_line = {run for _, run, step_run in now.line if step_run is None}
	for run in now.unfinished:
		resource = resource_of_run(run.definition.name, run.limit_key)
		if run.definition.limits.concurrent_runs and run.name not in in_line and (resource, run.name) in held:
			needed[resource, run.name] += 1
		elif run.definition.limits.concurrent_runs and run.name not in in_line and run.status != PAUSED:
			if (
				run.compensating
			):  # retried, and cancelled while it stood in line: it is undone without waiting for others
				continue
			yield f"{run.name} is {run.status} without a slot of {resource}"
	if held != needed:
		yield f"slots held: {sorted((held - needed).elements())} too many, {sorted((needed - held).elements())} missing"


def limited_steps_have_an_agent(now: Snapshot, known: Known) -> Iterator[str]:
	"""A step that asks for an agent is never in the queue or in hand without one."""
	for step_run, run, agent, *_ in [*now.ready, *now.leases]:
		step = now.runs[run].definition.step_of(*names.parts(step_run))
		if step.is_limited != bool(agent):
			yield f"{step_run} is in the queue or in hand with agent {agent}"


def leases_have_an_owner(now: Snapshot, known: Known) -> Iterator[str]:
	"""Whoever holds a lease is registered: else nobody would notice that he is dead."""
	for step_run, _, _, process in now.leases:
		if process not in now.processes:
			yield f"{step_run} is in the hands of process {process}, which is not registered"


def finished_runs_leave_nothing(now: Snapshot, known: Known) -> Iterator[str]:
	"""A finished run stands nowhere, holds nothing and has no timer, and all its steps are finished."""
	finished = {run.name: run for run in now.runs.values() if run.is_finished}
	for kind, run, step_run in now.timers:
		if run in finished:
			yield f"{run} is {finished[run].status} and has a timer: {kind} {step_run or ''}"
	for table, rows in (("ready", now.ready), ("lease", now.leases), ("line", now.line)):
		for row in rows:
			if row[1] in finished:
				yield f"{row[1]} is {finished[row[1]].status} and stands in {table}"
	for _, _, holder in now.slots:
		if holder.split(".")[0] in finished:
			yield f"{holder} holds a slot, and its run is finished"
	for run in finished.values():
		open_states = {PENDING, READY, RUNNING, WAITING} & {step.status for step in run.steps.values()}
		if open_states:
			yield f"{run.name} is {run.status} and has steps that are {open_states}: {run.states}"


def timers_have_a_reason(now: Snapshot, known: Known) -> Iterator[str]:
	"""A timer belongs to a step that waits, or to a run with a run_timeout; one for each."""
	for (kind, run, step_run), count in Counter(now.timers).items():
		if count > 1 and kind != "remind":  # which belong to an approval each
			yield f"{count} timers {kind} for {step_run or run}"
		if kind == "run_timeout" and run and not now.runs[run].definition.limits.run_timeout:
			yield f"{run} has a timer run_timeout and no run_timeout"
	with_timer = {run for kind, run, _ in now.timers if kind == "run_timeout"}
	in_line = {run for _, run, step_run in now.line if step_run is None}
	for run in now.unfinished:
		waits = run.name in in_line or run.status == PAUSED or run.ending
		if run.definition.limits.run_timeout and run.name not in with_timer and not waits:
			yield f"{run.name} is {run.status} and no timer watches its run_timeout"


def items_keep_their_order(now: Snapshot, known: Known) -> Iterator[str]:
	"""The output of a `for_each` step is the list of its items' outputs, in their order, null for what gave none."""
	for run in now.runs.values():
		for step in run.steps.values():
			if step.item or step.status != SUCCEEDED or not _has_items(run, step):
				continue
			given = decode(step.output)
			if run.definition.by_id[step.step].action != "data.set":
				continue
			expected = [
				{"index": item.item - 1} if item.status in (SUCCEEDED, COMPENSATED) else None
				for item in run.items(step.step)
			]
			if given != expected:
				yield f"{step.name} gave {given} instead of {expected}"


def attempts_are_counted(now: Snapshot, known: Known) -> Iterator[str]:
	"""No step is tried more often than its rules allow."""
	for run in now.runs.values():
		for step in run.steps.values():
			most = max(run.definition.step_of(step.step, step.item).retry.attempts, CRASH_ATTEMPTS)
			if step.attempts > most:
				yield f"{step.name} was tried {step.attempts} times, at most {most} are allowed"


def signals_reach_who_waits(now: Snapshot, known: Known) -> Iterator[str]:
	"""Nobody waits for a signal that was delivered, was sent since the run started, and that the run has not taken."""
	for wait in now.waits:
		for signal in now.signals:
			is_for = (signal.subject, wait.kind) == (wait.subject, "signal")
			is_new = wait.since < signal.sent_at or wait.run not in signal.taken
			if is_for and signal.is_delivered and names.started(wait.run) <= signal.sent_at and is_new:
				yield f"{wait.step_run} waits for {signal.subject}, and signal {signal.id} was delivered"


def ends_reach_the_parents(now: Snapshot, known: Known) -> Iterator[str]:
	"""Whoever waits for a run that has ended is woken; the run is there as long as somebody waits."""
	for wait in now.waits:
		child = now.runs.get(wait.subject or "") if wait.kind == "child" else None
		if wait.kind == "child" and child is None:
			yield f"{wait.step_run} waits for {wait.subject}, which is gone"
		if child and child.is_finished and wait.due_at >= NEVER:
			yield f"{wait.step_run} waits for {wait.subject}, which has ended as {child.status}"


def nobody_decides_twice(now: Snapshot, known: Known) -> Iterator[str]:
	"""Each person decides once, for themselves or for another one, and only who was asked."""
	for asked in now.asked:
		for user, number in Counter(each.by for each in asked.decisions).items():
			if number > 1:
				yield f"{user} has decided {asked.row.name} {number} times"
		users = [each.user for each in asked.places]
		for each in asked.decisions:
			if (each.whose or each.by) not in users:
				yield f"{each.by} has decided {asked.row.name}, and was not asked"


def one_decision_settles_it(now: Snapshot, known: Known) -> Iterator[str]:
	"""An approval is settled by the last of its decisions, by its deadline, or because its run went on without it."""
	for asked in now.asked:
		row, made = asked.row, asked.decisions
		approvers = approvals.approvers(asked.places, {})
		if row.is_open or row.status == approvals_of.CANCELLED or not row.settled_by:
			result = None
		else:
			result = next(each for each, state in approvals_of.STATE_OF.items() if state == row.status)
		for number in range(len(made) + 1):
			is_last = number == len(made)
			# Those who had not decided then were still asked.
			then = [
				replace(each, state=approvals_of.ASKED)
				if each.state == approvals_of.NO_LONGER
				or (
					each.state == approvals_of.DECIDED
					and all(each.user not in (one.by, one.whose) for one in made[:number])
				)
				else each
				for each in approvers
			]
			came_to = approvals_of.settled(row.rules, then, made[:number])
			if not row.escalated and came_to != (result if is_last else None):
				yield f"{row.name} is {row.status}, and its first {number} decisions of {len(made)} come to {came_to}"


def decisions_last(now: Snapshot, known: Known) -> Iterator[str]:
	"""A decision that was committed is there as long as its run, and is what it was."""
	there = {(each.row.name, one.by): one.decision for each in now.asked for one in each.decisions}
	runs = {each.row.name for each in now.asked}
	for key, decision in known.decided.items():
		if key[0] in runs and there.get(key) != decision:
			yield f"{key[1]} has {decision} {key[0]}, and there is {there.get(key)}"
	for run in {each.row.run for each in now.asked} - now.runs.keys():
		yield f"an approval of {run} is there, and the run is not"


def what_is_asked_is_waited_for(now: Snapshot, known: Known) -> Iterator[str]:
	"""A step waits for each open approval, and for no other one; people are reminded of an open one only."""
	waits = Counter(each.subject for each in now.waits if each.kind == "decision")
	for asked in now.asked:
		row = asked.row
		if waits.pop(row.name, 0) != int(row.is_open):
			yield f"{row.name} of {row.step_run} is {row.status}, and the wait for it is {'gone' if row.is_open else 'there'}"
	for name in waits:
		yield f"somebody waits for {name}, and there is no such approval"
	for name in {*now.reminders} - {each.row.name for each in now.asked if each.row.is_open}:
		yield f"people are reminded of {name}, which is not open"


def ends_are_heard_once(now: Snapshot, known: Known) -> Iterator[str]:
	"""Each end that somebody watches is noted until it has started one run; what an end has started starts none by its own."""
	started_by_ends = {name for name, _ in now.heard}
	for kind, name, _, new in now.changes:
		if kind == "run" and new in WATCHED_ENDS and name not in started_by_ends:
			known.ended[name] += 1
	for name, of in now.heard:
		known.heard.setdefault(of, set()).add(name)
	noted = Counter(now.ends)
	for run in known.ended.keys() | known.heard.keys() | noted.keys():
		if run in known.purged:
			continue
		heard = len(known.heard.get(run, ()))
		if known.ended[run] != noted[run] + heard:
			yield f"{run} has ended {known.ended[run]} times; {noted[run]} ends are noted, and {heard} were heard"


def what_was_done_is_undone(now: Snapshot, known: Known) -> Iterator[str]:
	"""A compensation runs once, after what it undoes, in reverse order, one after another, and only in a run that ends.

	A run that has failed leaves nothing that could have been undone, unless that was tried.
	"""
	for run in now.runs.values():
		undos = sorted(run.undos, key=lambda each: each.made)
		for undo in undos:
			target = run.undone_by(undo)
			if (undo.status == SUCCEEDED) != (target.status == COMPENSATED):
				yield f"{undo.name} is {undo.status}, and what it undoes is {target.status}"
		tried = {run.undone_by(undo).name for undo in undos}
		for undo in undos:
			if (undo.name, undo.made) not in known.undos:
				known.undos.add((undo.name, undo.made))
				yield from _left_later(run, undo, tried)
		under_way = [undo.name for undo in undos if undo.status in (READY, RUNNING, WAITING)]
		if len(under_way) > 1 or (under_way and not run.ending):
			yield f"{run.name}, {run.status} {run.ending}, is being undone at {under_way}"
		if run.status == FAILED:
			for step in _left_undone(run, tried):
				yield f"{run.name} has failed, and {step.name} was not undone"


def _left_later(run: Run, undo: StepRun, tried: set[str]) -> Iterator[str]:
	"""When an undo begins, nothing that ended after what it undoes is left. What was tried in an earlier end of the run,
	before it was retried, was tried.
	"""
	ended = str(run.undone_by(undo).finished_at)
	for step in _left_undone(run, tried):
		if str(step.finished_at) > ended:
			yield f"{undo.name} was undone before {step.name}, which had ended later"


def _left_undone(run: Run, tried: set[str]) -> Iterator[StepRun]:
	for step in run.steps.values():
		of_step = run.definition.by_id[step.step]
		is_list = of_step.for_each is not None
		can_be = of_step.compensate and (step.item > 0 if is_list else step.item == 0)
		if can_be and step.status == SUCCEEDED and step.name not in tried:
			yield step


def skips_have_a_reason(now: Snapshot, known: Known) -> Iterator[str]:
	"""A step is skipped because of its `if`, or because no edge that leads to it was taken."""
	for run in now.runs.values():
		if run.ending and run.status != SUCCEEDED:
			continue
		for step in run.definition.steps:
			if run.states[step.id] != SKIPPED or step.has_condition or run.name in known.stopped:
				continue
			if flow.state_of_pending(run.definition, step, run.states, run.branches) == READY:
				yield f"{run.name}: {step.id} is skipped: {run.states} {run.branches}"


def ends_have_a_reason(now: Snapshot, known: Known) -> Iterator[str]:
	"""A run that succeeded has no failure that nobody handled, unless it was stopped before."""
	for run in now.runs.values():
		if run.name in known.stopped:
			continue
		if run.status == SUCCEEDED and (failed := flow.unhandled_failure(run.definition, run.states)):
			yield f"{run.name} is {run.status} although {failed} failed: {run.states}"


def only_what_was_purged_is_gone(now: Snapshot, known: Known) -> Iterator[str]:
	"""A run is there until it is purged, and then nothing of it is; one that has not ended is never purged."""
	gone = {name: ended for name, ended in known.seen.items() if name not in now.runs}
	for name in gone.keys() - known.purged:
		yield f"{name} is gone, and nobody has purged it"
	for name in known.purged & now.runs.keys():
		yield f"{name} was purged, and is there"
	for name, ended in gone.items():
		if not ended:
			yield f"{name} was purged, and had not ended"
	known.seen = {run.name: run.is_finished for run in now.runs.values()}


def sums_are_right(now: Snapshot, known: Known) -> Iterator[str]:
	"""What the status says of runs and steps is what is there, whatever of it is counted already."""
	runs = Counter(run.status for run in now.runs.values())
	steps = Counter(step.status for run in now.runs.values() for step in run.steps.values())
	if (dict(runs), dict(steps)) != now.sums:
		yield f"the status says {now.sums}, and there are {dict(runs)} and {dict(steps)}"


def each_document_has_one_run_or_one_reason(now: Snapshot, known: Known) -> Iterator[str]:
	"""Of a batch, each document has nothing yet, or a run of its own, or a reason; somebody goes on while some are left."""
	for batch in now.batches:
		started = {run for _, state, run, _ in batch.documents if state == batches.STARTED}
		if batch.runs != started - known.purged:
			yield f"{batch.name} has the runs {batch.runs}, and its documents {started}"
		if len(started) != sum(state == batches.STARTED for _, state, _, _ in batch.documents):
			yield f"documents of {batch.name} share a run: {batch.documents}"
		for number, state, run, reason in batch.documents:
			if (bool(run), bool(reason)) != (state == batches.STARTED, state == batches.REFUSED):
				yield f"document {number} of {batch.name} is {batches.WORDS[state]} with run {run} and reason {reason}"
		left = any(state == batches.PENDING for _, state, _, _ in batch.documents)
		if (batch.status == batches.RUNNING, batch.waits) != (left, int(left)):
			yield f"{batch.name} is {batch.status} with {batch.waits} waits: {batch.documents}"


Rule = Callable[[Snapshot, Known], Iterator[str]]
RULES: tuple[Rule, ...] = (
	changes_are_allowed,
	halted_runs_start_nothing,
	each_step_is_in_one_place,
	nothing_is_forgotten,
	enough_items_are_open,
	effects_happen_once,
	slots_are_within_capacity,
	limited_steps_have_an_agent,
	leases_have_an_owner,
	ends_have_a_reason,
	finished_runs_leave_nothing,
	timers_have_a_reason,
	items_keep_their_order,
	attempts_are_counted,
	signals_reach_who_waits,
	ends_reach_the_parents,
	nobody_decides_twice,
	decisions_last,
	one_decision_settles_it,
	what_is_asked_is_waited_for,
	ends_are_heard_once,
	what_was_done_is_undone,
	skips_have_a_reason,
	each_document_has_one_run_or_one_reason,
	only_what_was_purged_is_gone,
	sums_are_right,
)
