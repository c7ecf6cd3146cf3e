"""A bench whose workers are instances of our own unit: each is started and stopped by itself.

bench's generator of units knows Frappe's own queues only; ours is deploy/systemd/dogansystem-worker@.service.
"""

import os
import re
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path

from dogansystem.homes.bench.bench_files import FileChange
from dogansystem.homes.bench.managers import Manager, ManagerError, Order, ask, sudo_for

UNIT = "dogansystem-worker"
CONTROL = "systemctl"
RUNS = Path("/run/systemd/system")  # there where systemd is the init system: sd_booted(3)

# Where units are looked for, and where those that are enabled are linked: systemd.unit(5).
FOLDERS = (
	"/etc/systemd/system",
	"/run/systemd/system",
	"/usr/local/lib/systemd/system",
	"/usr/lib/systemd/system",
)
_INSTANCE = re.compile(rf"\b{UNIT}@(\d+)\.service\b")


class Systemd(Manager):
	"""The workers of one bench's queue under systemd."""

	name = "systemd"

	def __init__(self, bench: Path) -> None:
		super().__init__(bench)
		found = (folder / f"{UNIT}@.service" for folder in _folders())
		self.path = next((path for path in found if path.exists()), None)

	def file(self, wanted: int, room: int) -> FileChange:
		"""Nothing to change: the unit is the same for any number. Raises ManagerError if it is another bench's."""
		if self.path is None:
			raise ManagerError(f"There is no {UNIT}@.service: copy deploy/systemd/* to {FOLDERS[0]}/.")
		text = self.path.read_bytes()
		place = re.search(r"^WorkingDirectory\s*=\s*(.+?)\s*$", text.decode(), re.MULTILINE)
		if place is None or not Path(place[1]).is_relative_to(self.bench):
			raise ManagerError(
				f"{self.path} is the unit of another bench: its WorkingDirectory is not in {self.bench}."
			)
		return FileChange(self.path, text, text)

	def problem(self) -> str | None:
		if not RUNS.is_dir():
			return "systemd is not what runs this machine"
		if os.geteuid() == 0 or self._sudo:
			return None
		return f"this user may not start and stop {UNIT}@.service"

	def orders(self, wanted: int, room: int | None = None) -> list[Order]:
		running = self._running()
		return orders(running if room is None else self._enabled(), running, wanted, for_now=room is None)

	def running(self) -> int | None:
		return len(self._running())

	def _running(self) -> set[int]:
		said = ask([CONTROL, "list-units", "--plain", "--no-legend", f"{UNIT}@*.service"], self.bench)
		active = [line for line in said.splitlines() if " active " in line or " activating " in line]
		return _numbers(active) if RUNS.is_dir() else set()

	def _enabled(self) -> set[int]:
		links = (path.name for folder in _folders() for path in folder.glob(f"*.wants/{UNIT}@*.service"))
		return _numbers(links)

	@cached_property
	def _sudo(self) -> Sequence[str]:
		return sudo_for([CONTROL, "start", f"{UNIT}@1.service"], self.bench)


def orders(enabled: set[int], running: set[int], wanted: int, for_now: bool = False) -> list[Order]:
	"""What brings systemd from the instances that are enabled, and those that run, to 1 … wanted of both; `for_now`: of
	those that run alone."""
	start, stop = (("start",), ("stop",)) if for_now else (("enable", "--now"), ("disable", "--now"))
	missing = sorted(set(range(1, wanted + 1)) - (enabled & running))
	surplus = sorted(number for number in enabled | running if number > wanted)
	found = (
		(start, missing, f"start {len(missing)} workers"),
		(stop, surplus, f"stop {len(surplus)} workers; each finishes its step"),
	)
	return [
		Order((CONTROL, *words), tuple(f"{UNIT}@{number}.service" for number in numbers), does)
		for words, numbers, does in found
		if numbers
	]


def _folders() -> list[Path]:
	"""As systemd's own tools look: the variable first, which stands for all where it does not end in a colon."""
	given = os.environ.get("SYSTEMD_UNIT_PATH", ":")
	return [Path(each) for each in (*given.split(":"), *(FOLDERS if given.endswith(":") else ())) if each]


def _numbers(texts: Iterable[str]) -> set[int]:
	return {int(number) for text in texts for number in _INSTANCE.findall(text)}
