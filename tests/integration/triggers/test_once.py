"""A date counts exactly once: over random steps of the clock, downtimes, kills, and a workflow that is disabled and enabled."""

import json
from collections import Counter
from datetime import datetime, timezone
from pathlib import Path
from random import Random
from typing import Any

import pytest

from dogansystem import Orchestrator, Sandbox
from dogansystem.homes.sandbox import TestClock
from dogansystem.store import faults
from dogansystem.worker.tick import tick
from tests import scale
from tests.conftest import Tell

DAY = 86_400.0
START = 1_750_000_000.0
STEPS = 60
WORKFLOW = {
	"name": "due",
	"run_as": "a@example.com",
	"triggers": [{"on": "date", "doctype": "Task", "field": "due", "at": "00:00"}],
	"steps": [{"id": "a", "action": "data.set"}],
}


class Killed(BaseException):
	"""The process is gone."""


class World:
	"""A sandbox with its clock, and what has to come of it."""

	def __init__(self, site: Sandbox, clock: TestClock, chance: Random) -> None:
		self.site, self.clock, self.chance = site, clock, chance
		self.enabled_at = self.looked_at = clock.now()
		self.is_enabled = True
		self.tasks: dict[str, tuple[str, float]] = {}  # the date and when the document was created
		self.expected: set[tuple[str, str]] = set()
		self.kills = 0
		Orchestrator(site).import_workflow(WORKFLOW)
		site.database.commit()

	def step(self) -> None:
		acts = [
			self.wait,
			self.wait,
			self.work,
			self.work,
			self.create,
			self.create,
			self.change,
			self.delete,
		]
		self.chance.choice([*acts, self.kill, self.kill, self.switch])()

	def day(self) -> str:
		moment = self.clock.now() + self.chance.uniform(-3 * DAY, 5 * DAY)
		return datetime.fromtimestamp(moment, timezone.utc).date().isoformat()

	def wait(self) -> None:
		self.clock.advance(self.chance.choice([70.0, 3600.0, 0.4 * DAY, DAY, 4 * DAY]))

	def create(self) -> None:
		self.clock.advance(1)
		for _ in range(self.chance.choice([1, 1, 60])):
			day = self.day()
			name = self.site.documents.create("Task", {"due": day})["name"]
			self.tasks[name] = (day, self.clock.now())
		self.site.database.commit()

	def change(self) -> None:
		for name in self.chance.sample(sorted(self.tasks), min(len(self.tasks), 5)):
			day = self.day()
			self.site.documents.update("Task", name, {"due": day})
			self.tasks[name] = (day, self.tasks[name][1])
		self.site.database.commit()

	def delete(self) -> None:
		for name in self.chance.sample(sorted(self.tasks), min(len(self.tasks), 2)):
			self.site.documents.delete("Task", name)
			del self.tasks[name]
		self.site.database.commit()

	def switch(self) -> None:
		self.is_enabled = not self.is_enabled
		Orchestrator(self.site).set_workflow_enabled("due", self.is_enabled)
		self.site.database.commit()
		if self.is_enabled:
			self.enabled_at = self.looked_at = self.clock.now()

	def kill(self) -> None:
		"""A tick that is killed at some commit, and one that is not."""
		left = self.chance.randrange(1, 12)

		def act() -> None:
			nonlocal left
			left -= 1
			if not left:
				self.kills += 1
				raise Killed

		self.clock.advance(70)
		point = self.chance.choice(["control.before_commit", "control.after_commit"])
		try:
			with faults.armed(point, act):
				tick(self.site)
		except Killed:
			self.site.database.rollback()
		self.work()

	def work(self) -> None:
		self.clock.advance(70)
		now = self.clock.now()
		assert tick(self.site)
		if not self.is_enabled:
			return
		since = min(self.looked_at, now - DAY)
		for name, (day, created) in self.tasks.items():
			due = datetime.fromisoformat(day).replace(tzinfo=timezone.utc).timestamp()
			if since < due <= now and (due > self.enabled_at or created > self.enabled_at):
				self.expected.add((name, day))
		self.looked_at = now

	def started(self) -> Counter[tuple[str, str]]:
		"""The documents and dates for which there are runs."""
		rows = self.site.database.sql("SELECT reference_name, trigger_data FROM `tabDogan Workflow Run`")
		self.site.database.rollback()
		return Counter((name, value_in(text)) for name, text in rows)


def value_in(trigger: str) -> Any:
	return json.loads(trigger)["value"]


@pytest.mark.parametrize("seed", range(scale.of(8, 300)))
def test_each_date_of_a_document_starts_one_run(tmp_path: Path, seed: int, tell: Tell) -> None:
	clock = TestClock(START)
	with Sandbox(tmp_path / "once.db", clock=clock, timezone="UTC", user="a@example.com") as site:
		world = World(site, clock, Random(seed))
		for _ in range(STEPS):
			world.step()
		started = world.started()
	assert {key for key, number in started.items() if number > 1} == set()
	assert set(started) == world.expected
	tell("dates", kills=world.kills, runs=started.total(), lost=0, doubled=0)
