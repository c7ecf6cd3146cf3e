"""Runs under way in every state, and what has to become of them after an upgrade.

`make` runs with the code of the older version, `finish` and `EXPECTED` with today's: this module uses only what both have.
"""

import os
import signal
from collections.abc import Callable
from typing import Any

from dogansystem import Orchestrator
from dogansystem.worker.drainer import Drainer
from dogansystem.worker.tick import tick

PERSON = "sandbox@example.com"
HOUR = 3600.0
AGENT = "Upgrade Clerk"
DOCTYPE = "Note"


class Later(Exception):
	"""What a step that is tried again fails with."""


def fail(error: Exception) -> Any:
	"""Raise it."""
	raise error


# What the server methods of the workflows do: in the older version, and once it is upgraded.
BEFORE: dict[str, Callable[..., Any]] = {
	"upgrade.die": lambda **_: os.kill(os.getpid(), signal.SIGKILL),
	"upgrade.later": lambda **_: fail(Later("not yet")),
	"upgrade.broken": lambda **_: fail(Later("out of order")),
	"upgrade.bad": lambda **_: fail(ValueError("no good")),
	"upgrade.item": lambda kind: BEFORE[f"upgrade.{kind}"]() if f"upgrade.{kind}" in BEFORE else kind,
}
AFTER: dict[str, Callable[..., Any]] = {
	"upgrade.die": lambda **_: "alive",
	"upgrade.later": lambda **_: "now",
	"upgrade.broken": lambda **_: "mended",
	"upgrade.item": lambda kind: kind,
}
RETRY = {"attempts": 3, "delay": "1h", "on": ["Later"]}
ONCE = {"attempts": 1, "delay": "1s"}


def call(step: str, method: str, **rest: Any) -> dict[str, Any]:
	"""A step that calls one of the methods above; tried again after an hour."""
	return {
		"id": step,
		"action": "method.call",
		"params": {"method": f"upgrade.{method}"},
		"retry": RETRY,
		**rest,
	}


def last(step: str = "last") -> dict[str, Any]:
	"""The step behind it, which shows that the run went on."""
	return {"id": step, "action": "data.set", "params": {"done": True}}


WAIT = {"id": "wait", "action": "flow.wait", "params": {"for": "1h"}}
WORKFLOWS: dict[str, dict[str, Any]] = {
	"upgrade-succeeded": {
		"steps": [last("first"), last()],
		"output": {"done": "{{ steps.last.output.done }}"},
	},
	"upgrade-skipped": {"steps": [last("first") | {"if": False}, last()]},
	"upgrade-failed": {"steps": [last("first"), call("broken", "broken", retry=ONCE), last()]},
	"upgrade-cancelled": {"steps": [WAIT, last()]},
	"upgrade-waiting": {"steps": [WAIT, last()]},
	"upgrade-retrying": {"steps": [call("later", "later"), last()]},
	"upgrade-paused": {"steps": [WAIT, last()]},
	"upgrade-limited": {"steps": [WAIT, last()], "limits": {"concurrent_runs": 1, "key": "{{ input.key }}"}},
	"upgrade-killed": {"steps": [call("die", "die"), last()]},
	"upgrade-agent": {"steps": [call("die", "die", agent=AGENT), last()]},
	"upgrade-items": {
		"steps": [
			{
				**call("each", "item"),
				"for_each": "{{ input }}",
				"if": "{{ item != 'skipped' }}",
				"max_parallel": 3,
				"on_error": "continue",
				"params": {"method": "upgrade.item", "args": {"kind": "{{ item }}"}},
				"retry": RETRY | {"attempts": 2},
			},
			last(),
		]
	},
	"upgrade-urgent": {"steps": [last("first") | {"priority": 9}, last()]},
	"upgrade-patient": {"steps": [last("first") | {"priority": 0}, last()]},
	"upgrade-parallel": {"steps": [call("die", "die"), last("beside") | {"after": []}, last()]},
	"upgrade-document": {
		"steps": [last()],
		"triggers": [{"on": "document", "doctype": DOCTYPE, "event": "created"}],
	},
	"upgrade-schedule": {"steps": [last()], "triggers": [{"on": "schedule", "every": "1h"}]},
}
# Waiting, Failed, Ready, Skipped, Running, and two that are Pending when the process of the fifth is killed.
ITEMS = ["later", "bad", "fine", "skipped", "die", "fine", "fine"]
OUTPUT = ["later", None, "fine", None, "die", "fine", "fine"]

# The runs by a name of their own: their workflow, and their status before the upgrade and at the end.
RUNS = {
	"succeeded": ("upgrade-succeeded", "Succeeded", "Succeeded"),
	"skipped": ("upgrade-skipped", "Succeeded", "Succeeded"),
	"failed": ("upgrade-failed", "Failed", "Succeeded"),
	"cancelled": ("upgrade-cancelled", "Cancelled", "Cancelled"),
	"waiting": ("upgrade-waiting", "Waiting", "Succeeded"),
	"retrying": ("upgrade-retrying", "Waiting", "Succeeded"),
	"paused": ("upgrade-paused", "Paused", "Succeeded"),
	"limited": ("upgrade-limited", "Waiting", "Succeeded"),
	"limited, queued": ("upgrade-limited", "Queued", "Succeeded"),
	"limited, queued behind": ("upgrade-limited", "Queued", "Succeeded"),
	"killed": ("upgrade-killed", "Running", "Succeeded"),
	"killed, paused": ("upgrade-killed", "Paused", "Succeeded"),
	"killed, one beside it": ("upgrade-parallel", "Running", "Succeeded"),
	"agent": ("upgrade-agent", "Running", "Succeeded"),
	"agent, queued": ("upgrade-agent", "Queued", "Succeeded"),
	"items": ("upgrade-items", "Running", "Succeeded"),
	"urgent": ("upgrade-urgent", "Queued", "Succeeded"),
	"patient": ("upgrade-patient", "Queued", "Succeeded"),
	"ready, paused": ("upgrade-patient", "Paused", "Succeeded"),
}
PAUSED = [name for name, (_, before, _) in RUNS.items() if before == "Paused"]
Runs = dict[str, str]


class Maker:
	"""Makes the runs on a site of the older version. `die` drains in a process that a step kills; False: none did."""

	def __init__(self, site: Any, die: Callable[[], bool], person: str = PERSON) -> None:
		self._site = site
		self._die = die
		self._person = person
		self._orchestrator = Orchestrator(site)
		self.runs: Runs = {}

	def make(self) -> Runs:
		"""Leave every run as `RUNS` says; gives their names on the site."""
		self._save()
		self._start("succeeded", "skipped", "failed", "cancelled", "waiting", "retrying", "paused")
		for name in ("limited", "limited, queued", "limited, queued behind"):
			self._start(name, input={"key": "one"})
		Drainer(self._site, until=lambda: True).run()
		self._act("cancel_run", "cancelled")
		self._act("pause_run", "paused")
		for name in ("killed", "killed, paused", "killed, one beside it", "agent"):
			self._kill(name)
		self._start("agent, queued")
		self._kill("items", input=ITEMS)
		self._act("pause_run", "killed, paused")
		self._start("urgent", "patient", "ready, paused")
		self._act("pause_run", "ready, paused")
		return self.runs

	def _save(self) -> None:
		with self._site.acting_as(self._person):
			self._orchestrator.register_agent(AGENT, self._person, capacity=1)
			for name, rest in WORKFLOWS.items():
				self._orchestrator.import_workflow({"name": name, "run_as": self._person, **rest})
		self._site.database.commit()

	def _start(self, *names: str, input: Any = None) -> None:
		for name in names:
			with self._site.acting_as(self._person):
				self.runs[name] = self._orchestrator.start_run(RUNS[name][0], input)
		self._site.database.commit()

	def _act(self, what: str, name: str) -> None:
		getattr(self._orchestrator, what)(self.runs[name])
		self._site.database.commit()

	def _kill(self, name: str, input: Any = None) -> None:
		self._start(name, input=input)
		if not self._die():
			raise RuntimeError(f"no step of the run {name!r} killed its process")
		# Another machine's, heard of a moment ago: nobody takes over from it before its time is over.
		self._site.database.begin()
		self._site.database.execute(
			"UPDATE dogan_process SET node = 'elsewhere', pid_space = 'elsewhere', beat_at = %s",
			(self._site.now(),),
		)
		self._site.database.commit()


def statuses(site: Any, runs: Runs) -> dict[str, str]:
	"""The status of each run by its name in `RUNS`."""
	site.database.rollback()
	orchestrator = Orchestrator(site)
	found = {name: orchestrator.get_run(run)["status"] for name, run in runs.items()}
	site.database.rollback()
	return found


def finish(site: Any, runs: Runs, advance: Callable[[float], None]) -> None:
	"""Let all runs go on to their end: time passes, the failed one is retried, the paused ones are resumed."""
	orchestrator = Orchestrator(site)
	work(site)
	orchestrator.retry_run(runs["failed"])
	for name in PAUSED:
		orchestrator.resume_run(runs[name])
	site.database.commit()
	work(site)
	for _ in range(4):  # the longest one waits for two others, an hour each
		advance(HOUR + 1)
		work(site)


def work(site: Any) -> None:
	"""What a worker and the clock do until nothing is ready."""
	site.database.rollback()
	tick(site)
	Drainer(site, until=lambda: True).run()
