"""The Procfile of a bench that `bench start` runs: one line for our queue, with as many workers as are wanted.

bench writes a line with one worker, whatever number the configuration has; `bench worker-pool` starts many.
"""

import re
from pathlib import Path

from dogansystem.homes.bench.bench_files import FileChange, content_of
from dogansystem.homes.bench.managers import Manager, ManagerError, Order
from dogansystem.homes.frappe.queues import QUEUE

# NAME: [VARIABLES] bench worker|worker-pool … --queue QUEUE …
_OURS = re.compile(
	rf"^(?P<head>[\w-]+:.*\bbench\s+)(?:worker|worker-pool)(?P<rest>\s.*--queue[= ]{QUEUE}(?![\w,-]).*)$",
	re.MULTILINE,
)
_QUEUE = re.compile(rf"--queue[= ]{QUEUE}")
_NUMBER = re.compile(r"\s*--num-workers[= ]\d+")
_NEW = "worker_{queue}: bench worker-pool --queue {queue} --num-workers {number} 1>> logs/worker.log 2>> logs/worker.error.log"


class Procfile(Manager):
	"""A bench under `bench start`, or another program that reads its Procfile: it takes no orders."""

	name = "Procfile"
	is_live = False
	advice = "Press Ctrl-C where `bench start` runs, and type it again."

	def __init__(self, bench: Path) -> None:
		super().__init__(bench)
		self.path: Path = bench / "Procfile"

	def file(self, wanted: int, room: int) -> FileChange:
		before = content_of(self.path)
		if before is None:
			raise ManagerError(f"There is no {self.path}: write one with `bench setup procfile`.")
		return FileChange(self.path, before, with_workers(before.decode(), max(wanted, 1)).encode())

	def problem(self) -> str | None:
		"""`bench start` reads its Procfile once, and ends everything when one of its programs ends."""
		return "`bench start` reads the Procfile when it starts"

	def orders(self, wanted: int, room: int | None = None) -> list[Order]:
		if room is None:
			raise ManagerError("The workers of `bench start` cannot be more or fewer while it runs.")
		return []

	def running(self) -> int | None:
		return None


def with_workers(text: str, number: int) -> str:
	"""A Procfile's text with that many workers of our queue; every other line stays as it is."""
	found = _OURS.search(text)
	if found is None:
		end = "" if not text or text.endswith("\n") else "\n"
		return f"{text}{end}{_NEW.format(queue=QUEUE, number=number)}\n"
	rest = _NUMBER.sub("", found["rest"])
	rest = _QUEUE.sub(lambda queue: f"{queue[0]} --num-workers {number}", rest, count=1)
	return f"{text[: found.start()]}{found['head']}worker-pool{rest}{text[found.end() :]}"
