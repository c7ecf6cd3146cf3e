"""What a load shall be: how many runs or how many in a second, of which steps. Pure."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dogansystem.actions.busy import KINDS, MAX_SECONDS, WORKFLOW
from dogansystem.engine.errors import InputError
from dogansystem.scaling.simulation import words

SHAPES = (*KINDS, "mixed")  # mixed: each kind in turn
MAX_RUNS = 200_000
_BOUNDS = {  # what is said of each number, its least and its most
	"runs": ("runs", 0, MAX_RUNS),
	"rate": ("rate", 0, 1000),  # per second: one process cannot start more
	"expected": ("the number of runs", 0, MAX_RUNS),
	"steps": ("steps", 1, 20),
	"seconds": ("wait", 0, MAX_SECONDS),
	"items": ("items", 0, 1000),
}


@dataclass(frozen=True, slots=True)
class Plan:
	"""A load. Raises InputError for what cannot be one.

	Attributes:
		runs: all at once; or
		rate: so many per second, at random moments (Poisson), whether or not those before have ended …
		duration: … for so many seconds.
		shape: what the steps do: wait, cpu, database, or mixed.
		steps: of a run, one after another.
		seconds: that a step waits or computes.
		items: how many the first step of each run is done for; 0: it is done once.
		seed: of the random moments.
	"""

	runs: int = 0
	rate: float = 0.0
	duration: float = 60.0
	shape: str = "wait"
	steps: int = 3
	seconds: float = 0.1
	items: int = 0
	seed: int = 1

	def __post_init__(self) -> None:
		if bool(self.runs) == bool(self.rate):
			raise InputError("Say how much: --runs 500 for all at once, or --rate 20/s --for 60s.")
		if self.shape not in SHAPES:
			raise InputError(f"{self.shape!r} is no shape of a load; there are {', '.join(SHAPES)}.")
		for name, (said, least, most) in _BOUNDS.items():
			if not least <= (value := getattr(self, name)) <= most:
				raise InputError(f"{said} is {value:g}; give {least:g} to {most:g}.")

	@property
	def expected(self) -> float:
		"""How many runs a rate comes to, on average."""
		return self.rate * self.duration

	@property
	def alike(self) -> dict[str, Any]:
		"""What two loads must have in common to be compared."""
		return {"shape": self.shape, "steps": self.steps, "seconds": self.seconds, "items": self.items}

	def arrivals(self) -> Iterator[float]:
		"""When each run is to be started, in seconds from the beginning."""
		yield from (0.0 for _ in range(self.runs))
		chance, at = random.Random(self.seed), 0.0
		while self.rate and (at := at + chance.expovariate(self.rate)) < self.duration:
			yield at

	def definition(self, run_as: str) -> dict[str, Any]:
		"""The workflow of such runs, whose steps have the permissions of a user."""
		kinds = KINDS if self.shape == "mixed" else (self.shape,)
		steps: list[dict[str, Any]] = [
			{
				"id": f"step_{number + 1}",
				"action": "load.work",
				"params": {"kind": kinds[number % len(kinds)], "seconds": self.seconds},
			}
			for number in range(self.steps)
		]
		if self.items:
			steps[0] |= {"for_each": list(range(self.items)), "max_parallel": self.items}
		title = "Load: made by the command `load`, deleted when it ends"
		return {"name": WORKFLOW, "title": title, "run_as": run_as, "steps": steps}


def parse_rate(text: str) -> float:
	"""Runs per second of `20/s`, `600/m` or `20`. Raises InputError."""
	try:
		found = words.rate(text if "/" in text else f"{text}/s")
	except InputError:
		found = 0.0
	if not found:
		raise InputError(f"{text!r} is no rate: write 20/s, 600/m, or a number per second.")
	return found


def parse_time(text: str) -> float:
	"""Seconds of `100ms`, or of a duration as workflows have them. Raises InputError."""
	try:
		return words.seconds(text)
	except ValueError as error:
		raise InputError(f"{error}, or 100ms.") from None
