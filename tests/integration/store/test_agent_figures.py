"""The figures of an AI agent are read from indexes, however much there is beside them."""

from collections.abc import Sequence
from typing import Any

import pytest

from dogansystem import Sandbox
from dogansystem.agents.ai import figures
from dogansystem.homes.databases.mariadb import MariaDB

ASKS, APPROVALS = 20_000, 2_000
COUNTED = "SELECT workflow, COUNT(*)", "SELECT p.status"  # nothing but the index is read for these


def test_no_figure_of_an_agent_reads_a_table(empty_mariadb_url: str, monkeypatch: pytest.MonkeyPatch):
	with Sandbox(empty_mariadb_url) as site:
		_fill(site)
		seen: dict[str, Sequence[Any]] = {}
		run = MariaDB._run

		def note(self: MariaDB, query: str, values: Sequence[Any], many: bool = False) -> Any:
			if "dogan_ask" in query or "tabDogan Approval" in query:
				seen.setdefault(query, values)
			return run(self, query, values, many)

		with monkeypatch.context() as watched:
			watched.setattr(MariaDB, "_run", note)
			found = figures.of_agent(site, "Clerk", 30)
		assert sum(found["outcomes"].values()) == ASKS / 2
		assert len(seen) == 4
		for query, values in seen.items():
			for _, _, table, kind, _, key, _, _, _, extra in site.database.sql(f"EXPLAIN {query}", values):
				if table and not table.startswith("<") and table != "n":
					assert kind not in ("ALL", "index") and key, (table, query)
					assert not query.startswith(COUNTED) or table == "a" or "Using index" in extra, (
						table,
						query,
					)


def _fill(site: Sandbox) -> None:
	db = site.database
	site.load_documents(
		[
			{"doctype": "Dogan Model", "name": "Fast", "provider": "scripted"},
			{"doctype": "Dogan Agent", "name": "Clerk", "user": "clerk@example.com", "model": "Fast"},
		]
	)
	now = site.now()
	db.execute(
		"INSERT INTO `tabDogan Step Run` (name, run, step, status) SELECT CONCAT('r', seq, '.s'), CONCAT('r', seq), 's', 'Failed'"
		f" FROM seq_1_to_{ASKS}"
	)
	db.execute(
		"INSERT INTO dogan_ask (run, step_run, agent, version, state, tokens, began_at, workflow) SELECT CONCAT('r', seq),"
		f" CONCAT('r', seq, '.s'), IF(seq MOD 2, 'Clerk', 'Other'), 'v', IF(seq MOD 5, 'Answered', 'Open'), 9, {now} - seq * 60, 'w'"
		f" FROM seq_1_to_{ASKS}"
	)
	db.execute(
		"INSERT INTO `tabDogan Approval` (name, status, asked_by, asked_at, step_run) SELECT CONCAT('a', seq), 'Approved',"
		f" CONCAT('clerk', seq MOD 4, '@example.com'), NOW(), CONCAT('r', seq, '.s') FROM seq_1_to_{APPROVALS}"
	)
	db.commit()
	for table in ("dogan_ask", "tabDogan Approval", "tabDogan Step Run"):
		db.sql(f"ANALYZE TABLE `{table}`")
