"""What is there in the end, as the system says it, and what lies outside of it."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dogansystem import Orchestrator
from dogansystem.homes.sandbox import Sandbox
from tests.faults.deciding.judge import APPROVED, REJECTED
from tests.faults.failover.actions import appended
from tests.faults.failover.checker import DONE, Acknowledged, Append, Place, Says, Verdict, judge


@dataclass(slots=True)
class History:
	"""What the system says in the end.

	Attributes:
		says, keys: of each run, what is said of it, and the key under which it was started.
		appends: the lists of all runs, in order.
		outside: of the steps that say they are done and act outside of the database, how often they did.
	"""

	appends: Sequence[Append]
	says: dict[str, Says] = field(default_factory=dict)
	keys: dict[str, str] = field(default_factory=dict)
	outside: dict[str, int] = field(default_factory=dict)

	def judge(self, acknowledged: Sequence[Acknowledged]) -> Verdict:
		"""What is wrong with it, seen by clients that were told so much."""
		return judge(acknowledged, self.appends, self.says, self.keys)


def gather(site: Sandbox, outside: Iterable[Path]) -> History:
	"""The history of a site, with what it did outside, as these files have it."""
	orchestrator = Orchestrator(site)
	history = History(appended(site))
	done = Counter(line for path in outside if path.exists() for line in path.read_text().splitlines())
	for (name,) in site.database.sql("SELECT name FROM `tabDogan Workflow Run`"):
		run = orchestrator.get_run(name)
		history.says[name], history.keys[name] = _says(run), run["input"]["key"]
		for step in run["steps"]:
			if step["action"] == "failover.outside" and step["status"] == DONE:
				key = f"{name}.{step['id']}"
				history.outside[key] = done[key]
	site.database.rollback()
	return history


def branches(site: Sandbox) -> Callable[[str, str, str], dict[str, int]]:
	"""Gives, of a run about which people were asked, the branches that are in its list, and how often."""
	there = Counter((each.run, each.place[0]) for each in appended(site))

	def taken(run: str, workflow: str, result: str) -> dict[str, int]:
		return {each: there[run, each] for each in (APPROVED, REJECTED) if there[run, each]}

	return taken


def _says(run: dict[str, Any]) -> Says:
	"""A step with items has not appended itself, and what waits has not either."""
	places: dict[Place, str] = {}
	tokens: dict[Place, str] = {}
	with_items = {step["id"] for step in run["steps"] if step["index"] is not None}
	for step in run["steps"]:
		place = (step["id"], 0 if step["index"] is None else step["index"] + 1)
		if not step["action"].startswith("failover.") or (step["id"] in with_items and not place[1]):
			continue
		places[place] = step["status"]
		if step["status"] == DONE:
			tokens[place] = step["output"]
	return Says(run["status"], places, tokens)
