"""No statement that locks rows of a run scans a table, also on a server that believes the table to be empty.

It does so after a restart, until it has counted the table again. A scan locks every row: with `SKIP LOCKED` the items of
other runs then looked as if somebody were opening them.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from dogansystem.homes.databases.mariadb import MariaDB
from dogansystem.protocol import Statement
from dogansystem.store import processes
from dogansystem.worker import takeover
from dogansystem.worker.control import Control
from dogansystem.worker.drainer import Drainer
from tests.faults.actions import FaultSandbox
from tests.faults.load import PERSON, Load

OURS = re.compile(
	r"tabDogan (Workflow|Step) Run|dogan_(ready|lease|line|timer|slot|process|signal)\b|tabDogan Approval\b"
)
LOCKS = re.compile(r"^(UPDATE|DELETE)|FOR UPDATE|LOCK IN SHARE MODE")
# Few rows, each read whole by those who come for it: who is there, and what waits for room.
SMALL = {"dogan_process", "dogan_lease", "l"}


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Sequence[Any]]]:
	found: dict[str, Sequence[Any]] = {}

	def note(query: str, values: Sequence[Any]) -> None:
		if LOCKS.search(query) and OURS.search(query):
			found.setdefault(query, values)

	run, together = MariaDB._run, MariaDB.together

	def _run(self: MariaDB, query: str, values: Sequence[Any], many: bool = False) -> Any:
		if not many:
			note(query, values)
		return run(self, query, values, many)

	def _together(self: MariaDB, statements: Sequence[Statement], *, commit: bool = False) -> int | None:
		for each in statements:
			if each.given:
				note(each.given + " LOCK IN SHARE MODE", ())
			note(each.query + (" LOCK IN SHARE MODE" if each.asks else ""), each.values)
		return together(self, statements, commit=commit)

	monkeypatch.setattr(MariaDB, "_run", _run)
	monkeypatch.setattr(MariaDB, "together", _together)
	yield found


def test_nothing_that_locks_scans_a_table_that_is_believed_to_be_empty(
	empty_mariadb_url: str, recorded: dict[str, Sequence[Any]]
):
	with FaultSandbox(empty_mariadb_url) as site:
		load = Load(site)
		_work_in_every_way(site, load)
		seen = {query: values for query, values in recorded.items() if not query.startswith("BEGIN")}
		site.database.execute(
			"UPDATE mysql.innodb_table_stats SET n_rows = 0 WHERE database_name = DATABASE()"
		)
		site.database.commit()
		site.database.sql("FLUSH TABLES")
		scans = []
		for query, values in seen.items():
			for _, _, table, kind, *_ in site.database.sql(f"EXPLAIN {query}", values):
				if kind in ("ALL", "index") and table and not table.startswith("<") and table not in SMALL:
					scans.append((table, kind, query))
			site.database.rollback()
	assert len(seen) > 80
	assert not scans


FURTHER = [
	{
		"name": "undone",
		"steps": [
			{"id": "a", "action": "data.set", "compensate": {"action": "data.set"}},
			{"id": "b", "action": "data.set", "for_each": [1, 2], "compensate": {"action": "data.set"}},
			{"id": "c", "action": "flow.stop", "params": {"status": "Failed"}},
		],
	},
	{
		"name": "signalled",
		"steps": [
			{"id": "a", "action": "flow.wait_for", "params": {"signal": "paid", "key": "1"}},
			{"id": "b", "action": "flow.signal", "params": {"signal": "other"}},
		],
	},
	{"name": "parent", "steps": [{"id": "a", "action": "flow.run", "params": {"workflow": "undone"}}]},
	{
		"name": "asked",
		"steps": [{"id": "a", "action": "flow.approve", "params": {"subject": "May I?", "to": PERSON}}],
	},
]


def _work_in_every_way(site: FaultSandbox, load: Load) -> None:
	orchestrator, control = load.orchestrator, Control(site)
	for definition in FURTHER:
		orchestrator.import_workflow({"run_as": PERSON, **definition})
		orchestrator.start_run(definition["name"])
	load.start(30)
	runs = list(load.started)
	drainer = Drainer(site, until=lambda: True)
	orchestrator.pause_run(runs[0])
	orchestrator.cancel_run(runs[1])
	site.database.commit()
	drainer.run()
	orchestrator.resume_run(runs[0])
	orchestrator.retry_run(runs[1])
	site.database.commit()
	for process in control.run(processes.every):
		takeover.take_over(site, control, process)
	load.tick()
	orchestrator.signal("paid", key="1")
	for asked in orchestrator.pending_approvals(PERSON):
		orchestrator.decide(asked["approval"], "approved", user=PERSON)
	site.database.commit()
	Drainer(site, until=lambda: True).run()
	load.tick()
	control.close()
