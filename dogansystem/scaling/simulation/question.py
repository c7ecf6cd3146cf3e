"""A question to the simulation as people write it, read, and answered for every configuration it asks about."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import Any, TypeVar

from dogansystem.engine.definition import Definition
from dogansystem.engine.durations import parse_duration
from dogansystem.engine.errors import InputError
from dogansystem.protocol import Site
from dogansystem.scaling.simulation import times, workload
from dogansystem.scaling.simulation.result import Result
from dogansystem.scaling.simulation.simulate import simulate
from dogansystem.scaling.simulation.system import Machine, Outages, System
from dogansystem.scaling.simulation.times import rate
from dogansystem.scaling.simulation.workload import Agent, Arrivals, Measured, Service, Workload

FROM_SAMPLES = "samples"
MAX_CONFIGURATIONS = 100
HOURS = 365.25 * 24 / 12  # in a month

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

_OUTAGES = re.compile(r"\s*node\s+every\s+(\S+)\s+down\s+(\S+)\s*", re.ASCII)

Value = TypeVar("Value")


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
		rest = System(
			cores=self.cores,
			machine=self.machine,
			outages=outages(self.failures) if self.failures else None,
			price=price(self.price) if self.price else None,
			linger=inf if self.sandbox else System().linger,
		)
		found = [
			replace(rest, nodes=nodes, workers=workers)
			for nodes in numbers(self.nodes, "--nodes")
			for workers in numbers(self.workers, "--workers")
		]
		if len(found) > MAX_CONFIGURATIONS:
			raise InputError(
				f"{len(found)} configurations are too many: ask about {MAX_CONFIGURATIONS} at most."
			)
		return found

	@property
	def machine(self) -> Machine:
		"""What things cost on it. Raises InputError."""
		commits = rate(self.database) if self.database else 1 / Machine().commit
		if not commits:
			raise InputError("--database is 0: give the commits per second it can do, such as 5000/s.")
		return Machine(commit=1 / commits)

	def workload(self, definition: Definition, measured: Measured | None = None) -> tuple[Workload, str]:
		"""What is asked of the systems, and in words where the times come from. Raises InputError."""
		of_all, of_step = services(self.service)
		failing = named(self.failing, "--failing", share)
		known = named(self.agents, "--agent", agent)
		said = "as given"
		if measured:
			failing = measured.failing(definition) | failing
			known = {**measured.agents, **known}
		if measured and not of_all:
			less = self.machine.step + self.machine.commit
			of_all = Service(wait=times.measured(measured.figures.run, less))
			said = f"as measured in {measured.figures.run.count:,} attempts"
		elif not self.service:
			of_step, said = _assumed(definition)
		asked = Workload(
			definition,
			Arrivals(0.0),
			of_all or Service(),
			of_step,
			named(self.items, "--items", count),
			failing,
			named(self.skipped, "--skipped", share),
			known,
			self.backlog,
		)
		return replace(asked, arrivals=self._arrivals(asked, measured)), said

	def _arrivals(self, asked: Workload, measured: Measured | None) -> Arrivals:
		if self.arrivals and self.arrivals != FROM_SAMPLES:
			return arrivals(self.arrivals)
		if measured:
			return measured.arrivals(asked)
		if self.arrivals or not self.backlog:
			raise InputError(
				"--arrivals: how often does it start? Write 50/s, or name a site whose samples say so."
			)
		return Arrivals(0.0)


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
	question: Question, definition: Definition, measured: Measured | None = None, at_most: int | None = None
) -> Answer:
	"""Simulate every configuration. With `at_most`, no more attempts than that, all together. Raises InputError."""
	asked, said = question.workload(definition, measured)
	systems, seconds = question.systems(), question.seconds
	attempts = (asked.arrivals.rate * seconds + asked.backlog) * asked.attempts * len(systems)
	if at_most is not None and attempts > at_most:
		raise InputError(
			f"{attempts:,.0f} attempts are too many for one request, of which at most {at_most:,} are simulated:"
			" ask for a shorter time or fewer configurations, or use the command, which takes its time."
		)
	results = [simulate(asked, system, seconds, question.seed) for system in systems]
	return Answer(definition.name, question, said, results)


def answer_of_site(
	site: Site, question: Question, definition: Definition, at_most: int | None = None
) -> Answer:
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
	found = {step: service(ASSUMED[family]) for step, family in families.items() if family in ASSUMED}
	words = [f"{each}.*: {ASSUMED[each]}" for each in dict.fromkeys(families.values()) if each in ASSUMED]
	return found, f"assumed ({'; '.join(words) or 'nothing beside the engine'}); say --service to change it"


# Reading what people write. Every error says how to write it.


def price(text: str) -> float:
	"""`0.10/h`, `70/month`: what a node costs per hour."""
	amount, _, unit = text.partition("/")
	if unit.strip() == "month":
		return rate(f"{amount}/h") * 3600 / HOURS
	return rate(text) * 3600


def arrivals(text: str) -> Arrivals:
	"""`50/s`, by chance, or `regular 50/s`, on the clock."""
	kind, _, rest = text.strip().partition(" ")
	return Arrivals(rate(rest), is_regular=True) if kind == "regular" else Arrivals(rate(text))


def numbers(text: str, what: str) -> list[int]:
	"""`10,20`: some numbers, each 1 or more."""
	try:
		found = [int(each) for each in text.split(",")]
	except ValueError:
		found = []
	if not found or min(found) < 1:
		raise InputError(f"{what} is {text!r}: write numbers such as 10 or 10,20.")
	return found


def service(text: str) -> Service:
	"""`wait 100ms`, `cpu 20ms`, or both with a plus between: `wait exponential 100ms + cpu 5ms`."""
	parts = {}
	for part in text.split("+"):
		kind, _, rest = part.strip().partition(" ")
		if kind not in ("wait", "cpu"):
			raise InputError(
				f"{text!r} is no service: write `wait 100ms` for time in which a step only waits for something"
				" elsewhere, `cpu 20ms` for processor time, or `wait 100ms + cpu 20ms`."
			)
		parts[kind] = times.parse(rest)
	return Service(**parts)


def services(texts: Iterable[str]) -> tuple[Service | None, dict[str, Service]]:
	"""Services as they are given one by one: that of all steps, if any, and those of steps, as `STEP=…`."""
	of_all = [service(text) for text in texts if "=" not in text]
	parts = [text.partition("=") for text in texts if "=" in text]
	return (of_all[-1] if of_all else None), {step.strip(): service(rest) for step, _, rest in parts}


def outages(text: str) -> Outages:
	"""`node every 1h down 5m`."""
	match = _OUTAGES.fullmatch(text)
	try:
		found = Outages(parse_duration(match[1]), parse_duration(match[2])) if match else None
	except ValueError:
		found = None
	if not found or not found.every:
		raise InputError(f"{text!r} says nothing about failures: write `node every 1h down 5m`.")
	return found


def named(texts: Iterable[str], what: str, read: Callable[[str], Value]) -> dict[str, Value]:
	"""`NAME=VALUE` as often as it is given."""
	found = {}
	for text in texts:
		name, equals, rest = text.partition("=")
		if not equals or not name.strip():
			raise InputError(f"{what} is {text!r}: write NAME=VALUE.")
		found[name.strip()] = read(rest.strip())
	return found


def share(text: str) -> float:
	"""`5%` or `0.05`."""
	try:
		found = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
	except ValueError:
		found = -1.0
	if not 0 <= found <= 1:
		raise InputError(f"{text!r} is no share: write 5% or 0.05.")
	return found


def count(text: str) -> int:
	"""A number from 0 up."""
	if not (text.isascii() and text.isdigit()):
		raise InputError(f"{text!r} is no number: write one from 0 up.")
	return int(text)


def agent(text: str) -> Agent:
	"""`3`, or `3 email,invoices` with what it can do."""
	room, _, capabilities = text.partition(" ")
	return Agent(max(1, count(room)), tuple(each.strip() for each in capabilities.split(",") if each.strip()))
