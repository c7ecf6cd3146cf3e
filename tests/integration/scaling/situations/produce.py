"""Producing a situation: a server, workers, work, and what is seen while they are at it.

`python -m tests.integration.scaling.situations.produce FOLDER [NAME …]` records each as JSON for the tests that only judge.
"""

import json
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from dogansystem import Orchestrator
from dogansystem.homes.sandbox import Sandbox
from dogansystem.scaling import bottleneck, evidence, measure
from dogansystem.scaling.evidence import Evidence
from tests.integration.scaling.situations.server import server
from tests.integration.scaling.situations.work import PAGES, NeedySandbox, working

SETTLE = 6.0  # seconds of work before anybody looks: the first beat that tells of the machine comes after two
START = 60.0  # seconds for the workers to come
USUAL = ("--innodb-buffer-pool-size=256M",)


@dataclass(frozen=True, slots=True)
class Situation:
	"""What there is, and the bottleneck that it makes.

	Attributes:
		workers: processes; `runs` are started at the beginning.
		step: the only step of the workflow; `limits` of it, and agents by name with their capacity.
		options: the server's.
		sql: statements that prepare the database.
	"""

	bottleneck: str
	workers: int
	runs: int
	step: dict[str, Any]
	limits: dict[str, Any] = field(default_factory=dict)
	agents: dict[str, int] = field(default_factory=dict)
	options: Sequence[str] = USUAL
	sql: Sequence[str] = ()


def _does(action: str, **rest: Any) -> dict[str, Any]:
	return {"id": "a", "action": action, **rest}


SITUATIONS = {
	"idle": Situation(bottleneck.IDLE, 3, 30, _does("need.wait", params={"seconds": 0.01})),
	"workers": Situation(bottleneck.WORKERS, 4, 2000, _does("need.wait")),
	"no workers": Situation(bottleneck.WORKERS, 0, 50, _does("need.wait")),
	"processor": Situation(bottleneck.CPU, 6, 3000, _does("need.processor")),
	"database": Situation(bottleneck.DATABASE, 6, 1500, _does("need.database")),
	"locks": Situation(
		bottleneck.LOCKS,
		6,
		2000,
		_does("need.row"),
		sql=(
			"CREATE TABLE situation_row (id INT PRIMARY KEY, n INT)",
			"INSERT INTO situation_row VALUES (1, 0)",
		),
	),
	"buffer pool": Situation(
		bottleneck.POOL,
		4,
		6000,
		_does("need.memory"),
		options=("--innodb-buffer-pool-size=8M", "--innodb-flush-method=O_DIRECT"),
		sql=(
			"CREATE TABLE situation_table (id INT PRIMARY KEY, filler VARCHAR(9000)) CHARACTER SET latin1",
			f"INSERT INTO situation_table SELECT seq, REPEAT(CHAR(65 + MOD(seq, 26)), 9000) FROM seq_1_to_{PAGES}",
		),
	),
	"connections": Situation(
		bottleneck.CONNECTIONS, 10, 2000, _does("need.wait"), options=(*USUAL, "--max-connections=10")
	),
	"agent": Situation(bottleneck.CAPACITY, 4, 400, _does("need.wait", agent="Ada"), agents={"Ada": 1}),
	"capability": Situation(
		bottleneck.CAPACITY, 6, 400, _does("need.wait", capability="mail"), agents={"Ada": 1, "Grace": 1}
	),
	"workflow limit": Situation(
		bottleneck.CAPACITY, 4, 400, _does("need.wait"), limits={"concurrent_runs": 2}
	),
}


def produce(situation: Situation, folder: Path) -> Evidence:
	"""Let it happen on a server of its own, and look."""
	with server(folder, situation.options) as url, NeedySandbox(url) as site:
		_prepare(site, situation)
		with working(url, situation.workers):
			_wait_for(site, situation)
			time.sleep(SETTLE)
			found = measure.take(site, replace(site.settings(), num_workers=max(situation.workers, 1)))
			site.database.rollback()
			return found


def _prepare(site: Sandbox, situation: Situation) -> None:
	site.set_settings(linger_seconds=3600)  # workers that have nothing to do stay
	for statement in situation.sql:
		site.database.execute(statement)
	orchestrator = Orchestrator(site)
	for name, capacity in situation.agents.items():
		orchestrator.register_agent(name, "ada@example.com", ["mail"], capacity)
	definition: dict[str, Any] = {"name": "situation", "run_as": "ada@example.com", "steps": [situation.step]}
	orchestrator.import_workflow(definition | ({"limits": situation.limits} if situation.limits else {}))
	for _ in range(situation.runs):
		orchestrator.start_run("situation")
	site.database.commit()


def _wait_for(site: Sandbox, situation: Situation) -> None:
	"""Until all workers are there; of those that are refused, until one is."""
	wanted = 1 if situation.bottleneck == bottleneck.CONNECTIONS else situation.workers
	deadline = time.monotonic() + START
	while site.database.sql("SELECT COUNT(*) FROM dogan_process")[0][0] < wanted:
		site.database.rollback()
		assert time.monotonic() < deadline, "the workers have not come"
		time.sleep(0.2)
	site.database.rollback()


def file_of(name: str) -> str:
	"""Where a situation's evidence is kept."""
	return f"{name.replace(' ', '_')}.json"


def main(arguments: list[str]) -> None:
	"""Record situations."""
	target, names = Path(arguments[0]), arguments[1:] or list(SITUATIONS)
	for name in names:
		with tempfile.TemporaryDirectory() as folder:
			found = produce(SITUATIONS[name], Path(folder))
		text = json.dumps(evidence.as_json(found), indent="\t")
		(target / file_of(name)).write_text(text + "\n")
		diagnosis = bottleneck.diagnose(found)
		print(
			f"{name}: {diagnosis.title}", *diagnosis.evidence, f"→ {diagnosis.remedy}", sep="\n  ", flush=True
		)


if __name__ == "__main__":
	main(sys.argv[1:])
