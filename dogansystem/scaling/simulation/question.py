"""A question to the simulation, as people write it, and the answer for every configuration it asks about."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from dogansystem.engine.definition import Definition
from dogansystem.engine.durations import parse_duration
from dogansystem.engine.errors import InputError
from dogansystem.scaling.simulation import assumed, words
from dogansystem.scaling.simulation.calibration import Calibration
from dogansystem.scaling.simulation.result import Result
from dogansystem.scaling.simulation.simulate import simulate
from dogansystem.scaling.simulation.system import Machine, System
from dogansystem.scaling.simulation.workload import Arrivals, Service, Workload

FROM_SAMPLES = "samples"
MAX_CONFIGURATIONS = 100


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

	def systems(self) -> list[System]:
		"""Every configuration that is asked about. Raises InputError."""
		outages = words.outages(self.failures) if self.failures else None
		found = [
			System(
				nodes=nodes,
				workers=workers,
				cores=self.cores,
				machine=self.machine,
				has_doorbell=not self.sandbox,
				outages=outages,
				price=words.price(self.price) if self.price else None,
			)
			for nodes in words.numbers(self.nodes, "--nodes")
			for workers in words.numbers(self.workers, "--workers")
		]
		if len(found) > MAX_CONFIGURATIONS:
			raise InputError(
				f"{len(found)} configurations are too many: ask about {MAX_CONFIGURATIONS} at most."
			)
		return found

	@property
	def machine(self) -> Machine:
		"""What things cost on it. Raises InputError."""
		if not self.database:
			return Machine()
		commits = words.rate(self.database)
		if not commits:
			raise InputError("--database is 0: give the commits per second it can do, such as 5000/s.")
		return replace(Machine(), commit=1 / commits)

	def workload(self, definition: Definition, measured: Calibration | None = None) -> tuple[Workload, str]:
		"""What is asked of the systems, and in words where the times come from. Raises InputError."""
		of_all, of_step = words.services(self.service)
		failing = words.named(self.failing, "--failing", words.share)
		agents = words.named(self.agents, "--agent", words.agent)
		said = "as given"
		if measured:
			failing = measured.failing(definition) | failing
			agents = {**measured.agents, **agents}
		if measured and not of_all:
			of_all = measured.service(self.machine)
			said = f"as measured in {measured.measured.run.count:,} attempts"
		elif not self.service:
			of_step, assumptions = assumed.services(definition)
			said = f"assumed ({'; '.join(assumptions) or 'nothing beside the engine'}); say --service to change it"
		workload = Workload(
			definition,
			Arrivals(0.0),
			of_all or Service(),
			of_step,
			words.named(self.items, "--items", words.count),
			failing,
			words.named(self.skipped, "--skipped", words.share),
			agents,
			self.backlog,
		)
		return replace(workload, arrivals=self._arrivals(workload, measured)), said

	def _arrivals(self, workload: Workload, measured: Calibration | None) -> Arrivals:
		if self.arrivals and self.arrivals != FROM_SAMPLES:
			return words.arrivals(self.arrivals)
		if measured:
			return measured.arrivals(workload)
		if self.arrivals or not self.backlog:
			raise InputError(
				"--arrivals: how often does it start? Write 50/s, or name a site whose samples say so."
			)
		return Arrivals(0.0)

	def answers(self, workload: Workload) -> Iterator[Result]:
		"""One configuration after another, each with the same arrivals."""
		for system in self.systems():
			yield simulate(workload, system, self.seconds, self.seed)
