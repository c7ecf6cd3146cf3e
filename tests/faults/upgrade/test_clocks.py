"""Nodes whose system clocks are minutes apart, or jump; and a database whose clock jumps.

The time is the database's: leases, timers and schedules keep to it, whatever a node's own clock says.
"""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

from tests import scale
from tests.conftest import Tell
from tests.faults.load import PERSON, effect
from tests.faults.server import Server
from tests.faults.upgrade.ask import Database
from tests.faults.upgrade.clocks import WrongClock
from tests.faults.upgrade.nodes import CHECKOUT, Desk, Node, ending, wait_until
from tests.faults.upgrade.work import CLOCKWORK, SECONDS, Work

MINUTES, HOUR = 300, 3600  # seconds
LOAD = scale.of(5.0, 60.0)  # seconds
JUMPS = scale.of(2, 10)  # of the database's clock, forward and back
BETWEEN = scale.of(4.0, 10.0)  # seconds between two of them
IN_FLIGHT = 12  # runs
LONG_STEP = 3.0  # seconds: longer than the lease of 2
WAIT = 2.0  # seconds of a timer
LATE = 8.0  # seconds it may be late on a busy machine
STARTS, ALL_END = 30.0, 90.0  # seconds
LOST = "SELECT COUNT(*) FROM `tabDogan Step Run` WHERE error_type = 'WorkerLost' OR earlier_attempts LIKE '%%WorkerLost%%'"
LONG = {"name": "long", "run_as": PERSON, "steps": [effect("a", LONG_STEP)]}
# A jump may cost a step one attempt, never two: three of them hit a step that lasts from one to the next.
FEW_ATTEMPTS = LONG | {"steps": [effect("a", LONG_STEP, retry={"attempts": 4, "delay": 0})]}
TIMED = {
	"name": "timed",
	"run_as": PERSON,
	"steps": [{"id": "wait", "action": "flow.wait", "params": {"for": f"{WAIT:g}s"}}, effect("b", SECONDS)],
}


def keep_up(work: Work, desks: list[Desk], seconds: float) -> Iterator[None]:
	"""Keep runs under way for some seconds; the caller does something else in between."""
	until = time.monotonic() + seconds
	while time.monotonic() < until:
		work.act(desks, max(0, min(4, IN_FLIGHT - work.database.unfinished())))
		time.sleep(0.05)
		yield


def come(database: Database, nodes: list[Node]) -> None:
	"""Wait until all workers are there."""
	query = "SELECT COUNT(*) FROM dogan_process WHERE node = %s AND id > 0"
	for node in nodes:
		wait_until(
			lambda: database.number(query, (node.name,)) >= len(node.workers), STARTS, f"{node.name} is there"
		)


def in_hand(work: Work, desk: Desk, nodes: list[Node]) -> Node:
	"""Start long steps until a node has one in hand; gives that node."""
	query = (
		"SELECT p.node FROM dogan_lease l JOIN dogan_process p ON p.id = l.process JOIN `tabDogan Workflow Run` r"
		" ON r.name = l.run WHERE l.begun_at IS NOT NULL AND r.workflow = 'long'"
	)
	for _ in nodes:
		work.started[desk.call("start_run", "long")] = "long"
	found: list[str] = []
	wait_until(
		lambda: found.extend(row[0] for row in work.database.ask(query)) or found,
		STARTS,
		"a long step is in hand",
	)
	return next(node for node in nodes if node.name == found[0])


def missed_times(database: Database) -> int:
	"""How many times of the schedule, which comes every second, have started no run between its first and its last."""
	query = "SELECT JSON_VALUE(trigger_data, '$.due') FROM `tabDogan Workflow Run` WHERE workflow = %s"
	due = sorted(datetime.fromisoformat(row[0]) for row in database.ask(query, (CLOCKWORK,)))
	assert due, "the schedule never came"
	return round((due[-1] - due[0]).total_seconds()) + 1 - len(due)


def test_nodes_whose_clocks_are_wrong_keep_the_databases_time(new_url: str, tmp_path: Path, tell: Tell):
	database = Database(new_url)
	clocks = [
		WrongClock(tmp_path / name, seconds)
		for name, seconds in (("ahead", MINUTES), ("behind", -MINUTES), ("jumps", 0))
	]
	ahead, behind, jumps = clocks
	began = datetime.now(timezone.utc).replace(tzinfo=None)
	with ending() as started:
		desks = [Desk(CHECKOUT, new_url, each.environment) for each in (ahead, behind)]
		started.extend(desks)
		for desk, wrong in zip(desks, (MINUTES, -MINUTES), strict=True):
			assert abs(desk.call("machine") - time.time() - wrong) < 5, "its clock is not wrong"
			assert abs(desk.call("now") - time.time()) < 5
		work = Work(database)
		work.set_up(desks[0])
		for each in (LONG, TIMED):
			desks[0].call("import_workflow", each)
		nodes = [
			Node(CHECKOUT, new_url, name, 1, elsewhere=True, environment=clock.environment)
			for name, clock in zip(("ahead", "behind", "jumps"), clocks, strict=True)
		]
		started.extend(nodes)
		come(database, nodes)
		for desk in desks:
			for workflow in ("long", "timed", "timed"):
				work.started[desk.call("start_run", workflow)] = workflow
		for number, _ in enumerate(keep_up(work, desks, LOAD)):
			jumps.put((0, HOUR, -HOUR, HOUR)[number // 5 % 4])
		work.finish(desks, ALL_END)
		for node in nodes:
			node.leave()
	count = work.assert_right()
	assert database.number(LOST) == 0, "a lease was taken over while its owner lived"
	waited = [float(row[0]) for row in database.ask(
		"SELECT TIMESTAMPDIFF(MICROSECOND, started_at, finished_at) / 1e6 FROM `tabDogan Step Run`"
		" WHERE workflow = 'timed' AND step = 'wait'"
	)]  # fmt: skip
	assert all(WAIT - 0.05 <= each < WAIT + LATE for each in waited), waited
	first, last = database.ask("SELECT MIN(started_at), MAX(finished_at) FROM `tabDogan Step Run`")[0]
	slack = timedelta(seconds=2)
	assert began - slack < first and last < datetime.now(timezone.utc).replace(tzinfo=None) + slack
	missed = missed_times(database)
	assert missed == 0
	tell(
		"nodes whose clocks are 10 minutes apart or jump by hours",
		effects=count.effects, lost=count.lost, doubled=count.doubled, schedule_missed=missed, lost_leases=0,
	)  # fmt: skip


def test_the_database_whose_clock_jumps_loses_and_doubles_nothing(tmp_path: Path, tell: Tell):
	clock = WrongClock(tmp_path / "clock", 0)
	kills = 0
	with Server(tmp_path, environment=clock.environment) as server, ending() as started:
		url = server.new_database("clocks")
		database = Database(url)
		desk = Desk(CHECKOUT, url, looks=2.0)
		started.append(desk)
		work = Work(database, missed="once")
		work.set_up(desk)
		desk.call("import_workflow", FEW_ATTEMPTS)
		# One finds out soon, the others as late as in production.
		nodes = [
			Node(CHECKOUT, url, name, 1, elsewhere=True, looks=looks)
			for name, looks in (("a", 1.0), ("b", 60.0), ("c", 60.0))
		]
		started.extend(nodes)
		come(database, nodes)
		for number in range(JUMPS):
			for _ in keep_up(work, [desk], BETWEEN):
				pass
			victim = in_hand(work, desk, nodes)
			clock.put(HOUR if number % 2 == 0 else 0)
			wrong = float(database.number("SELECT UNIX_TIMESTAMP(NOW(6))")) - time.time()
			assert abs(wrong - (HOUR if number % 2 == 0 else 0)) < 5, "the server's clock has not jumped"
			victim.kill(0)  # what it had in hand has a heartbeat by the other clock
			kills += 1
		for _ in keep_up(work, [desk], BETWEEN):
			pass
		clock.put(HOUR)  # a wait that began while the clock was an hour ahead ends when that hour has come
		work.finish([desk], ALL_END)
		for node in nodes:
			node.leave()
		count = work.assert_right()
		lost = database.number(LOST)
	tell("the database's clock jumps by an hour", jumps=JUMPS, kills=kills, effects=count.effects,
		lost=count.lost, doubled=count.doubled, attempts_lost=lost)  # fmt: skip
