"""The answer to a question: of a definition alone, or with what a site has measured."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dogansystem.engine.definition import Definition
from dogansystem.engine.errors import InputError
from dogansystem.protocol import Site
from dogansystem.scaling.simulation import calibration
from dogansystem.scaling.simulation.calibration import Calibration, attempts_of
from dogansystem.scaling.simulation.question import Question
from dogansystem.scaling.simulation.result import Result
from dogansystem.scaling.simulation.workload import Workload


@dataclass(frozen=True, slots=True)
class Answer:
	"""What was asked, where the times came from, and the figures of each configuration."""

	workflow: str
	question: Question
	times: str
	results: Sequence[Result]

	def as_json(self) -> dict[str, Any]:
		"""All of it as JSON data."""
		return {
			"workflow": self.workflow,
			"arrivals": self.question.arrivals,
			"seconds": self.question.seconds,
			"seed": self.question.seed,
			"times": self.times,
			"configurations": [each.as_json() for each in self.results],
		}


def answer(
	question: Question,
	definition: Definition,
	measured: Calibration | None = None,
	at_most: int | None = None,
) -> Answer:
	"""Simulate every configuration. With `at_most`, no more attempts than that, all together. Raises InputError."""
	workload, times = question.workload(definition, measured)
	systems = question.systems()
	attempts = attempts_to_simulate(question, workload) * len(systems)
	if at_most is not None and attempts > at_most:
		raise InputError(
			f"{attempts:,.0f} attempts are too many for one request, of which at most {at_most:,} are simulated:"
			" ask for a shorter time or fewer configurations, or use the command, which takes its time."
		)
	return Answer(definition.name, question, times, list(question.answers(workload)))


def answer_of_site(
	site: Site, question: Question, definition: Definition, at_most: int | None = None
) -> Answer:
	"""The same with what the site has measured; where that is nothing, with what is given, if it is enough."""
	try:
		measured = calibration.read(site.database, definition.name, site.now())
	except InputError:
		if not (question.service and (question.arrivals or question.backlog)):
			raise
		measured = None
	return answer(question, definition, measured, at_most)


def attempts_to_simulate(question: Question, workload: Workload) -> float:
	"""About how many attempts there are in one configuration."""
	runs = workload.arrivals.rate * question.seconds + workload.backlog
	return runs * attempts_of(workload)
