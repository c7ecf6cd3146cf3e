"""A node that is too old for the tables, at work when they change: it leaves its steps to others."""

import time
from pathlib import Path

from dogansystem.store import schema
from tests.conftest import Tell
from tests.faults.upgrade.ask import Database
from tests.faults.upgrade.nodes import CHECKOUT, Desk, Node, ending, wait_until
from tests.faults.upgrade.work import Work

NEEDED = 99  # a version of the tables that this code does not know
NOTICED = 10.0  # seconds: the next heartbeat, on a machine that is busy
AWAY = 2.0  # seconds to look on while it stays away
ALL_END = 60.0  # seconds
PLANT = "REPLACE INTO dogan_state (name, value) VALUES (%s, %s)"


def test_a_node_at_work_stays_away_from_tables_that_it_does_not_know(
	new_url: str, tmp_path: Path, tell: Tell
):
	database, log = Database(new_url), tmp_path / "log"
	with ending() as started:
		desk = Desk(CHECKOUT, new_url)
		started.append(desk)
		work = Work(database)
		work.set_up(desk)
		old = Node(CHECKOUT, new_url, "too-old", 2, log=log)
		started.append(old)
		wait_until(lambda: work.act([desk], 2) or done_by(database, old), ALL_END, "the node works")
		database.ask(PLANT, (schema.OLDEST, NEEDED))
		took = wait_until(
			lambda: work.act([desk], 1) or not database.number("SELECT COUNT(*) FROM dogan_process"),
			NOTICED,
			"the node notices",
		)
		assert database.left().get("lease", 0) == 0
		for _ in range(5):
			work.act([desk], 2)
		done = done_by(database, old)
		time.sleep(AWAY)
		assert done_by(database, old) == done
		assert database.left()["ready"]
		assert "node.too_old" in log.read_text() and f"needed={NEEDED}" in log.read_text()
		new = Node(CHECKOUT, new_url, "new", 2, knows=NEEDED)
		started.append(new)
		wait_until(lambda: done_by(database, new) > 10, ALL_END, "the new node works")
		assert done_by(database, old) == done
		new.leave()
		database.ask(PLANT, (schema.OLDEST, 0))
		work.act([desk], 10)
		wait_until(lambda: done_by(database, old) > done, NOTICED, "the node goes on")
		work.finish([desk], ALL_END)
		old.leave()
	count = work.assert_right()
	tell(
		"a node too old for the tables",
		effects=count.effects,
		lost=count.lost,
		doubled=count.doubled,
		seconds=took,
	)


def done_by(database: Database, node: Node) -> int:
	"""How many effects the node's workers have left."""
	pids = [worker.process.pid for worker in node.workers]
	marks = ", ".join(["%s"] * len(pids))
	return int(database.number(f"SELECT COUNT(*) FROM fault_effect WHERE pid IN ({marks})", pids))
