"""The items of a `for_each` step: one row each, as many open at a time as `max_parallel` allows.

Items do not share a counter: a row that every finishing item writes would let one finish at a time. Each opens the
next pending item that nobody else is opening; who finds none looks, after its commit, whether it was the last.
"""

from dataclasses import replace

from dogansystem.engine.definition import Definition, Step
from dogansystem.engine.errors import OutputTooLarge
from dogansystem.engine.outcomes import Expanded, Failed, Outcome, Waits, as_error
from dogansystem.engine.outputs import decode, encode
from dogansystem.engine.states import CANCELLED, FAILED, PAUSED, PENDING, RUNNING, SUCCEEDED
from dogansystem.protocol import Database
from dogansystem.store import dialect, leasing, names, queue, runs, slots, timers
from dogansystem.store.attempts import Attempt, Finished, frees, write_result
from dogansystem.store.leasing import Lease
from dogansystem.store.moment import Moment
from dogansystem.store.runs import LockedRun

_OPEN = "('Ready', 'Running', 'Waiting')"
_COLUMNS = (
	"name, creation, modified, owner, modified_by, run, workflow, step, position, item, title, action, status,"
	" item_value"
)


def expand(db: Database, run: LockedRun, attempt: Attempt, outcome: Expanded, at: Moment) -> Finished | None:
	"""Write a row for each item and open the first ones. The step itself stays Running until the last is finished."""
	if not leasing.drop(db, attempt.lease):
		return None
	step = attempt.step
	position = run.definition.steps.index(step)
	user = run.definition.run_as or ""
	db.execute_many(
		f"INSERT INTO `tabDogan Step Run` ({_COLUMNS}) VALUES ({dialect.marks(range(14))})",
		[
			(names.step_run(run.name, step.id, number), at.text, at.text, user, user, run.name,
			run.definition.name, step.id, position, number, step.title, step.action, PENDING, value)
			for number, value in enumerate(outcome.items, start=1)
		],
	)  # fmt: skip
	db.execute(
		"UPDATE `tabDogan Step Run` SET attempts = %s, started_at = %s, worker = %s, agent = NULL WHERE name = %s",
		(attempt.lease.attempt, attempt.started.text, attempt.worker, attempt.lease.step_run),
	)
	slots.release(db, [attempt.lease.step_run])
	opened = open_items(db, run, step, at)
	return Finished(opened=opened, freed=step.is_limited)


def open_items(db: Database, run: LockedRun, step: Step, at: Moment) -> int:
	"""Let pending items start until `max_parallel` are open; gives how many were opened. The run is locked."""
	if run.status == PAUSED:
		return 0
	where = "WHERE run = %s AND step = %s AND item > 0 AND status"
	key = (run.name, step.id)
	is_open = db.sql(f"SELECT COUNT(*) FROM `tabDogan Step Run` {where} IN {_OPEN}", key)[0][0]
	rows = db.sql(
		f"SELECT item, attempts FROM `tabDogan Step Run` {where} = 'Pending' ORDER BY item LIMIT %s"
		+ dialect.for_update(db),
		(*key, max(0, step.max_parallel - is_open)),
	)
	queue.make_ready(db, run.name, [(step, item, attempts + 1) for item, attempts in rows], at)
	return len(rows)


def finish_item(db: Database, attempt: Attempt, outcome: Outcome, at: Moment, stick: bool) -> Finished | None:
	"""Write the outcome of one item, and open the next."""
	db.begin()
	rows = db.sql(
		"SELECT status, ending FROM `tabDogan Workflow Run` WHERE name = %s" + dialect.for_share(db),
		(attempt.lease.run,),
	)
	if not rows:
		return None
	status, ending = rows[0]
	broken = isinstance(outcome, Failed) and attempt.step.on_error == "fail"
	waits = isinstance(outcome, Waits) and not ending
	goes_on = not (ending or status == PAUSED or broken or waits)
	successor, value = _next_item(db, attempt, at) if goes_on else (None, None)
	in_hand = successor if stick and not attempt.step.is_limited else None
	held = leasing.hand_over(db, attempt.lease, in_hand) if in_hand else leasing.drop(db, attempt.lease)
	if not held:
		return None
	gives_up = CANCELLED if ending and isinstance(outcome, Waits) else None
	write_result(db, attempt, outcome, at, state=gives_up, successor=in_hand)
	if isinstance(outcome, Waits) and waits:
		lease = attempt.lease
		timers.put(db, outcome.until, "wait", run=lease.run, step_run=lease.step_run, data=outcome.output)
	freed = frees(db, attempt)
	if in_hand:
		return Finished(in_hand, value)
	if successor:
		item = names.parts(successor.step_run)[1]
		queue.make_ready(db, attempt.lease.run, [(attempt.step, item, successor.attempt)], at)
		return Finished(opened=1, freed=freed or attempt.step.is_limited)
	return Finished(check_items=not waits, broken=broken, freed=freed)


def at_most(db: Database, run: str) -> int:
	"""How many items any step of a run has: the end of an index, however many there are."""
	rows = db.sql("SELECT MAX(item) FROM `tabDogan Step Run` WHERE run = %s", (run,))
	return int(rows[0][0] or 0)


def is_of(lease: Lease, run: str, step_id: str) -> bool:
	"""Whether this is the lease of an item of this step."""
	return lease.step_run.startswith(names.step_run(run, step_id) + ".")


def close(
	db: Database, run_name: str, definition: Definition, step_id: str, at: Moment, *, broken: bool = True
) -> bool:
	"""Complete a `for_each` step if its last item is finished; True when the run went on or ended by it.

	Called after the commit of an item that found no next one, in a transaction of its own: the last of them sees all
	others finished. The tick calls it too, for a process that died in between. `broken` False says that no item is
	known to have failed, so that a look at the last unfinished one is enough to see that it is too early.
	"""
	if not broken and _is_unfinished(db, run_name, step_id):
		return False
	run = runs.lock(db, run_name, definition)
	if run is None or run.is_finished or run.states.get(step_id) != RUNNING:
		return False
	step = definition.by_id[step_id]
	if run.ending:
		runs.settle(db, run, at)
		return run.is_finished
	counts: dict[str, int] = dict(
		db.sql(
			"SELECT status, COUNT(*) FROM `tabDogan Step Run` WHERE run = %s AND step = %s AND item > 0"
			" GROUP BY status" + dialect.for_share(db),
			(run_name, step_id),
		)
	)
	if not counts:
		return False  # not expanded yet
	broken = bool(counts.get(FAILED)) and step.on_error == "fail"
	if broken:
		_cancel_items(db, run, step_id, at)
		unfinished = int(counts.get(RUNNING, 0) > 0 and runs.has_active_items(db, run, step_id))
	else:
		unfinished = sum(counts.get(state, 0) for state in (PENDING, "Ready", RUNNING, "Waiting"))
	if unfinished:
		return False
	_complete(db, run, step, at)
	runs.go_on(db, run, at)
	return True


def _is_unfinished(db: Database, run: str, step_id: str) -> bool:
	"""Whether an item is unfinished. From the end, where those are that were opened last."""
	return bool(
		db.sql(
			"SELECT 1 FROM `tabDogan Step Run` WHERE run = %s AND step = %s AND item > 0"
			" AND status IN ('Pending', 'Ready', 'Running', 'Waiting') ORDER BY item DESC LIMIT 1",
			(run, step_id),
		)
	)


def _complete(db: Database, run: LockedRun, step: Step, at: Moment) -> None:
	"""Write the step's own result out of its items'."""
	rows = db.sql(
		"SELECT item, status, output, error_type, error FROM `tabDogan Step Run`"
		" WHERE run = %s AND step = %s AND item > 0 ORDER BY item" + dialect.for_share(db),
		(run.name, step.id),
	)
	failures = [row for row in rows if row[1] == FAILED]
	errors = [{"index": row[0] - 1, "error": as_error(row[3], row[4])} for row in failures]
	state, output, error_type, error = SUCCEEDED, None, None, None
	if failures and step.on_error == "fail":
		first = failures[0]
		state, error_type, error = FAILED, first[3], f"item {first[0] - 1}: {first[4]}"
	else:
		try:
			output = encode([decode(row[2]) for row in rows], f"The output of step {step.id!r}")
		except OutputTooLarge as too_large:
			state, error_type, error = FAILED, "OutputTooLarge", str(too_large)
	run.states[step.id] = state
	db.execute(
		"UPDATE `tabDogan Step Run` SET status = %s, output = %s, errors = %s, error_type = %s, error = %s,"
		" finished_at = %s, modified = %s WHERE name = %s",
		(
			state,
			output,
			encode(errors[:1000], "The errors") if errors else None,
			error_type,
			error,
			at.text,
			at.text,
			names.step_run(run.name, step.id),
		),
	)


def _cancel_items(db: Database, run: LockedRun, step_id: str, at: Moment) -> None:
	"""Cancel the items of a failed `for_each` step that have not begun."""
	prefix = names.step_run(run.name, step_id) + "."
	taken = queue.remove_waiting(db, run.name, prefix)
	slots.release(db, taken)
	assignments = "status = %s, finished_at = %s, modified = %s"
	values = (CANCELLED, at.text, at.text)
	dialect.write_by_keys(db, "tabDogan Step Run", assignments, values, taken)
	waiting = db.sql(
		"SELECT name FROM `tabDogan Step Run` WHERE run = %s AND step = %s AND item > 0"
		f" AND status IN {runs.UNFINISHED_STEPS}" + dialect.for_update(db),
		(run.name, step_id),
	)
	for (key,) in waiting:
		timers.remove_of_run(db, run.name, key)
	dialect.write_by_keys(db, "tabDogan Step Run", assignments, values, [row[0] for row in waiting])


def _next_item(db: Database, attempt: Attempt, at: Moment) -> tuple[Lease | None, str | None]:
	"""The next pending item that nobody else is opening, and its value. All pending ones come after those opened."""
	row = dialect.first(
		db.sql(
			"SELECT name, attempts, item_value FROM `tabDogan Step Run` WHERE run = %s AND item > %s AND step = %s"
			" AND status = 'Pending' ORDER BY item LIMIT 1" + dialect.for_update_skip_locked(db),
			(attempt.lease.run, attempt.item, attempt.step.id),
		)
	)
	if row is None:
		return None, None
	lease = replace(attempt.lease, step_run=row[0], attempt=row[1] + 1, agent=None, ready_at=at.seconds)
	return lease, row[2]
