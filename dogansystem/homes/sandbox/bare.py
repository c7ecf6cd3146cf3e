"""What a sandbox answers where it has nothing of what a bench has: queues, server scripts, an error log, other apps."""

from collections.abc import Mapping, Sequence
from typing import Any

from dogansystem.engine.errors import NotAvailable
from dogansystem.protocol import Act, Surroundings


class Bare:
	"""A part of `Sandbox`."""

	def versions(self) -> dict[str, str]:
		"""Nothing: a sandbox is made of nothing but this app."""
		return {}

	def signs_of_production(self) -> list[str]:
		"""None: nobody's documents are in a sandbox."""
		return []

	def run_script(self, script: str, args: Mapping[str, Any]) -> Any:
		"""Nothing: raises NotAvailable."""
		raise NotAvailable(
			f"The Server Script {script!r} cannot be run: the sandbox has none. Run this step on a Frappe site."
		)

	def explain(self, error: BaseException, act: Act) -> str | None:
		"""Nothing: a sandbox's own errors say what is wrong and what to do."""

	def report(self, title: str, traceback: str, run: str | None = None) -> bool:
		"""Nothing: a sandbox has no place for errors but the log."""
		return False

	def listening(self) -> Mapping[str, int]:
		"""Nothing: a sandbox calls no workers, those it has are processes that run."""
		return {}

	def surroundings(self) -> Surroundings:
		"""Nothing: a sandbox has neither queues nor Redis that could tell something."""
		return Surroundings()

	def others_wait(self) -> bool:
		"""Never: a sandbox's processes work for it alone."""
		return False

	def runs_deleted(self, runs: Sequence[str]) -> None:
		"""Nothing: a sandbox keeps nothing about runs beside their rows."""
