"""pytest fixtures for tests of workflows in Python. In a conftest.py: `pytest_plugins = ["dogansystem.testing"]`.

`sandbox` is a site of its own for each test, with a `clock` that stands still until it is moved, or until a run has nothing
to do but wait. What steps ask of other servers is answered by `http`; what they send to people is in `outbox`.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from dogansystem.engine.durations import parse_duration
from dogansystem.homes.sandbox import Sandbox, TestClock
from dogansystem.proving.cases import NOW
from dogansystem.proving.expected import Differs
from dogansystem.proving.outside import Pinned
from dogansystem.terminal import playing
from dogansystem.terminal.course import JumpingClock

RunWorkflow = Callable[..., Mapping[str, Any] | None]


class Clock(JumpingClock):
	"""The sandbox's clock. It begins on Monday, 5 January 2026, at nine."""

	def __init__(self) -> None:
		super().__init__(TestClock(_seconds(NOW)))

	def set(self, moment: str) -> None:
		"""Be at a moment such as `2026-01-05 09:00`, in UTC. Raises ValueError for one that has passed, or is none."""
		if _seconds(moment) < self.now():
			raise ValueError(f"{moment} has passed: the clock does not go back. Take a later moment.")
		self.jump_to(_seconds(moment))

	def advance(self, duration: str | float) -> None:
		"""Go forward by a duration such as `2d`, or by seconds."""
		self.jump_to(self.now() + parse_duration(duration))


class Http:
	"""What other servers answer, and what they were asked."""

	def __init__(self) -> None:
		self.pinned = Pinned({})

	@property
	def asked(self) -> list[dict[str, Any]]:
		"""The requests so far: `{request: "GET https://…", json: what a JSON body had}`."""
		return [{key: each[key] for key in ("request", "json")} for each in self.pinned.asked]

	def answer(self, request: str, status: int = 200, **rest: Any) -> None:
		"""Answer `GET https://example.com/rates` with `json=` or `text=`, and `headers=`. Several are given in turn."""
		self.pinned.answers.setdefault(request, []).append({"status": status, **rest})


@pytest.fixture
def clock() -> Clock:
	"""The sandbox's clock."""
	return Clock()


@pytest.fixture
def http() -> Http:
	"""Other servers. A request that has no answer fails the step, and the test."""
	return Http()


@pytest.fixture
def sandbox(clock: Clock, http: Http) -> Iterator[Sandbox]:
	"""An empty sandbox."""
	with Sandbox(clock=clock, timezone="UTC", user=playing.PERSON) as site:
		site.outbound = http.pinned
		yield site


@pytest.fixture
def outbox(sandbox: Sandbox) -> Callable[[], list[dict[str, Any]]]:
	"""A function that gives the mails, notifications and messages that were sent so far."""
	return sandbox.outbox


@pytest.fixture
def run_workflow(sandbox: Sandbox, clock: Clock, http: Http) -> RunWorkflow:
	"""`run_workflow(FILE, …)` runs a definition to its end, with the clock jumping over its waits, and gives the run as
	`dogansystem run --json` prints it; None if nothing starts.

	Beside the file: `documents` to load first, `start`, `parameters`, `answers` and `signals`, as in a `*.test.yaml`.
	Fails the test for a request without an answer, and for an answer that is refused.
	"""

	def run(path: str | Path, **given: Any) -> Mapping[str, Any] | None:
		definition, case = playing.read_one(Path(path), given)
		differs: list[Differs] = []
		found = playing.play_in(
			sandbox, definition, case, clock, differs, playing.others_of(Path(path), definition)
		)
		for each in differs:
			pytest.fail(f"{each.place}: {each.expected}: {each.found}", pytrace=False)
		for request in http.pinned.unanswered:
			pytest.fail(
				f"No answer for {request}. Give one with http.answer({request!r}, json=…).", pytrace=False
			)
		return found if found.get("run") else None

	return run


def _seconds(moment: str) -> float:
	return datetime.fromisoformat(moment).replace(tzinfo=timezone.utc).timestamp()
