"""Steps that need one thing and little else, and worker processes that take them."""

import multiprocessing
import os
import random
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar

from dogansystem.actions.base import Action, StepContext
from dogansystem.homes.sandbox import Sandbox
from dogansystem.terminal import serve

PAGES = 20_000  # of 16 KB, about, that the large table has: a row fills most of one
# One process that has everything imported and is forked for each worker.
_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["tests.integration.scaling.situations.work"])


class _Need(Action):
	summary: ClassVar[str] = "Need one thing"
	parameters: ClassVar[Mapping[str, Any]] = {"type": "object"}
	returns: ClassVar[str] = "nothing"


class Wait(_Need):
	"""Waits for somebody outside."""

	name: ClassVar[str] = "need.wait"

	def run(self, params: dict[str, Any], context: StepContext) -> Any:
		time.sleep(params.get("seconds", 0.1))


class Compute(_Need):
	"""Uses the processor."""

	name: ClassVar[str] = "need.processor"

	def run(self, params: dict[str, Any], context: StepContext) -> Any:
		until = time.thread_time() + 0.03
		while time.thread_time() < until:
			sum(range(1000))


class Ask(_Need):
	"""Has the database compute."""

	name: ClassVar[str] = "need.database"

	def run(self, params: dict[str, Any], context: StepContext) -> Any:
		context.site.database.sql("SELECT BENCHMARK(300000, SHA1('dogan'))")


class Hold(_Need):
	"""Changes a row that all others want as well, and is not done at once."""

	name: ClassVar[str] = "need.row"

	def run(self, params: dict[str, Any], context: StepContext) -> Any:
		context.site.database.execute("UPDATE situation_row SET n = n + 1 WHERE id = 1")
		time.sleep(0.03)


class Read(_Need):
	"""Reads rows from all over a table that is larger than the buffer pool."""

	name: ClassVar[str] = "need.memory"

	def run(self, params: dict[str, Any], context: StepContext) -> Any:
		wanted = ", ".join(str(random.randint(1, PAGES)) for _ in range(300))
		context.site.database.sql(f"SELECT SUM(LENGTH(filler)) FROM situation_table WHERE id IN ({wanted})")


ACTIONS = (Wait, Compute, Ask, Hold, Read)


class NeedySandbox(Sandbox):
	"""A sandbox that knows these actions."""

	def __init__(self, *given: Any, **named: Any) -> None:
		super().__init__(*given, **named)
		for action in ACTIONS:
			self.add_action(f"{__name__}.{action.__name__}")


@contextmanager
def working(url: str, number: int) -> Iterator[None]:
	"""So many worker processes, each replaced when it ends, as `dogansystem serve` has them; gone with the block."""
	keepers = [_context.Process(target=_work, args=(url,), daemon=True) for _ in range(number)]
	for keeper in keepers:
		keeper.start()
	try:
		yield
	finally:
		for keeper in keepers:
			keeper.kill()
			keeper.join()


def _work(url: str) -> None:
	serve.Sandbox = NeedySandbox  # type: ignore[misc]
	parent = os.getppid()
	while os.getppid() == parent:  # else the test was killed
		try:
			serve.work(url)
			return
		except Exception:
			time.sleep(serve.RESTART_PAUSE)  # refused, or the server is away
