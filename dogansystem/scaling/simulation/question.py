"""A question to the simulation as people write it, and its answer for every configuration it asks about."""

from dataclasses import dataclass, replace
from math import inf
from typing import Any

from dogansystem.engine.definition import Definition
from dogansystem.engine.durations import parse_duration
from dogansystem.engine.errors import InputError
from dogansystem.protocol import Site
from dogansystem.scaling.simulation import times, words, workload
from dogansystem.scaling.simulation.simulate import simulate
from dogansystem.scaling.simulation.system import Machine, System
from dogansystem.scaling.simulation.workload import Arrivals, Measured, Service, Workload

FROM_SAMPLES = "samples"
MAX_CONFIGURATIONS = 100

# A document inserted on a site took 5 ms; what goes out waits for somebody else's server. Everything else hardly counts.
ASSUMED = {
	"document": "cpu 5ms",
	"email": "cpu 10ms",
	"notify": "cpu 5ms",
	"method": "cpu 10ms",
	"report": "cpu 100ms",
	"http": "wait lognormal 200ms cv 1",
	"agent": "wait lognormal 5s cv 1",
}


@dataclass(frozen=True, slots=True)
class Question:
	"""What is asked, in words; see `dogansystem simulate --help` for each of them."""

	workers: str = "10"
	nodes: str = "1"
	arrivals: str | None = None
	lasting: str = "10m"
	service: tuple[str, ...] = ()
	items: tuple[str, ...] = ()
	failing: tuple[str, ...] = ()
	skipped: tuple[str, ...] = ()
	agents: tuple[str, ...] = ()
	backlog: int = 0
	cores: int = 0
	database: str | None = None
	failures: str | None = None
	price: str | None = None
	sandbox: bool = False
	seed: int = 1

	@property
	def seconds(self) -> float:
		"""How long is simulated. Raises InputError."""
		try:
			return parse_duration(self.lasting)
		except ValueError as error:
			raise InputError(f"--for: {error}") from None

	@property
	def machine(self) -> Machine:
		"""What things cost on it. Raises InputError."""
		commits = words.rate(self.database) if self.database else 1 / Machine().commit
		if not commits:
			raise InputError("--database is 0: give the commits per second it can do, such as 5000/s.")
		return Machine(commit=1 / commits)

	def systems(self) -> list[System]:
		"""Every configuration that is asked about. Raises InputError."""
		rest = System(
			cores=self.cores,
			machine=self.machine,
			outages=words.outages(self.failures) if self.failures else None,
			price=words.rate(self.price) * 3600 if self.price else None,
			linger=inf if self.sandbox else System().linger,
		)
		nodes, workers = words.numbers(self.nodes, "--nodes"), words.numbers(self.workers, "--workers")
		if len(nodes) * len(workers) > MAX_CONFIGURATIONS:
			raise InputError(
				f"{len(nodes) * len(workers)} configurations are too many: ask about {MAX_CONFIGURATIONS} at most."
			)
		return [replace(rest, nodes=some, workers=each) for some in nodes for each in workers]

	def workload(self, definition: Definition, measured: Measured | None = None) -> tuple[Workload, str]:
		"""What is asked of the systems, and in words where the times come from. Raises InputError."""
		of_all, of_step = words.services(self.service)
		said = "as given"
		if measured and not of_all:
			of_all = Service(times.measured(measured.figures.run, self.machine.step + self.machine.commit))
			said = f"as measured in {measured.figures.run.count:,} attempts"
		elif not self.service:
			of_step, said = _assumed(definition)
		asked = Workload(
			definition,
			Arrivals(0.0),
			of_all or Service(),
			of_step,
			words.named(self.items, "--items", words.count),
			(measured.failing(definition) if measured else {})
			| words.named(self.failing, "--failing", words.share),
			words.named(self.skipped, "--skipped", words.share),
			{**(measured.agents if measured else {}), **words.named(self.agents, "--agent", words.agent)},
			self.backlog,
		)
		return replace(asked, arrivals=self._arrivals(asked, measured)), said

	def _arrivals(self, asked: Workload, measured: Measured | None) -> Arrivals:
		if self.arrivals and self.arrivals != FROM_SAMPLES:
			return words.arrivals(self.arrivals)
		if measured:
			return measured.arrivals(asked)
		if self.arrivals or not self.backlog:
			raise InputError(
				"--arrivals: how often does it start? Write 50/s, or name a site whose samples say so."
			)
		return asked.arrivals


def answer(
	question: Question, definition: Definition, measured: Measured | None = None, at_most: int | None = None
) -> dict[str, Any]:
	"""What was asked, where the times come from, and the figures of every configuration (`result.figures`), as JSON data.

	`at_most`: attempts to simulate, all together. Raises InputError.
	"""
	asked, said = question.workload(definition, measured)
	systems, seconds = question.systems(), question.seconds
	attempts = (asked.arrivals.rate * seconds + asked.backlog) * asked.attempts * len(systems)
	if at_most is not None and attempts > at_most:
		raise InputError(
			f"{attempts:,.0f} attempts are too many for one request, of which at most {at_most:,} are simulated:"
			" ask for a shorter time or fewer configurations, or use the command, which takes its time."
		)
	return {
		"workflow": definition.name,
		"arrivals": question.arrivals,
		"seconds": seconds,
		"seed": question.seed,
		"times": said,
		"configurations": [simulate(asked, system, seconds, question.seed) for system in systems],
	}


def answer_of_site(
	site: Site, question: Question, definition: Definition, at_most: int | None = None
) -> dict[str, Any]:
	"""The same with what the site has measured; where that is nothing, with what is given, if it is enough."""
	try:
		measured = workload.read(site.database, definition.name, site.now())
	except InputError:
		if not (question.service and (question.arrivals or question.backlog)):
			raise
		measured = None
	return answer(question, definition, measured, at_most)


def _assumed(definition: Definition) -> tuple[dict[str, Service], str]:
	"""What steps are taken to need when nobody says and nothing was measured, by their ids and in words."""
	families = {step.id: step.action.partition(".")[0] for step in definition.steps}
	found = {step: words.service(ASSUMED[family]) for step, family in families.items() if family in ASSUMED}
	said = [f"{each}.*: {ASSUMED[each]}" for each in dict.fromkeys(families.values()) if each in ASSUMED]
	return found, f"assumed ({'; '.join(said) or 'nothing beside the engine'}); say --service to change it"
