"""The numbers that Prometheus collects. They are read from the small tables: history is never counted for a scrape."""

from collections.abc import Iterable, Iterator, Mapping

from prometheus_client import generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from dogansystem import __version__
from dogansystem.engine.states import FAILED, RUN_FINISHED, RUN_STATES, SKIPPED, SUCCEEDED
from dogansystem.health import checks, nodes
from dogansystem.protocol import Database, Settings, Site
from dogansystem.store import agents, figures, kept, processes, queue, reads, samples, state
from dogansystem.store.figures import AGENT, NODE, PRIORITY, SITE, WORKFLOW, Figures, Histogram, Table

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
FINISHED = (SUCCEEDED, FAILED, SKIPPED)
BUCKETS = (
	*(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5),  # each one of `figures.BOUNDS`
	*(1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 600.0, 3000.0),
)  # seconds

Labelled = Iterable[tuple[tuple[str, ...], float]]  # the values of the labels, and the number


def metrics(site: Site, settings: Settings) -> str:
	"""All of a site's metrics in Prometheus' text format, version 0.0.4. A family without samples is left out."""
	db = site.database
	found, totals = (
		samples.levels(db, site.now()),
		sorted(samples.totals(db).items(), key=lambda item: item[0]),
	)
	info = [((__version__, site.name), 1.0)]
	families = [
		_gauge("info", "The app's version, and the site's name; always 1.", info, "version", "site"),
		*_queue(found),
		_gauge("runs", "Runs that have not ended, by state.", _runs(db), "state"),
		*_workers(site, settings),
		*_agents(db, found, settings),
		*_pulse(site),
		*_counters(totals),
		_counter("cache_lookups", _CACHE, _caches(site), "cache", "found"),
		_times("step_wait_seconds", "How long steps stood ready", PRIORITY, totals),
		_times("step_run_seconds", "How long attempts took", WORKFLOW, totals),
	]
	return generate_latest(_Families(families)).decode()


_CACHE = "Lookups of what was worked out before, by where it was found; built: nowhere."


class _Families(Collector):
	"""What is exposed."""

	def __init__(self, families: list[Metric]) -> None:
		self._families = families

	def collect(self) -> Iterable[Metric]:
		"""Those that have samples."""
		return [each for each in self._families if each.samples]


def _gauge(name: str, help: str, values: Labelled | float, *labels: str) -> Metric:
	family = GaugeMetricFamily(f"dogansystem_{name}", help, labels=labels)
	for of, value in [((), values)] if isinstance(values, int | float) else values:
		family.add_metric(of, value)
	return family


def _counter(name: str, help: str, values: Labelled, *labels: str) -> Metric:
	family = CounterMetricFamily(f"dogansystem_{name}", help, labels=labels)
	for of, value in values:
		family.add_metric(of, value)
	return family


def _times(name: str, help: str, kind: str, totals: list[tuple[tuple[str, str], Figures]]) -> Metric:
	family = HistogramMetricFamily(f"dogansystem_{name}", f"{help}, by {kind}.", labels=[kind])
	for (of, about), measured in totals:
		if of == kind:
			times = measured.wait if kind == PRIORITY else measured.run
			family.add_metric([about], buckets(times), times.sum)
	return family


def buckets(times: Histogram) -> list[tuple[str, float]]:
	"""The upper bounds, and how many times are no longer than each."""
	bounds: list[tuple[str, float]] = [(f"{bound:g}", times.up_to(bound)) for bound in BUCKETS]
	return [*bounds, ("+Inf", times.count)]


def _queue(found: Table) -> Iterator[Metric]:
	names = [str(queue.priority(lane)) for lane in range(queue.LANES)]
	ready = [((each,), _level(found, PRIORITY, each, "ready")) for each in names]
	yield _gauge("steps_ready", "Steps that any worker may begin with.", ready, "priority")
	for name, level, what in (
		("steps_in_hand", "in_hand", "Steps that a worker has taken."),
		("steps_waiting_for_slot", "waiting_for_a_slot", "Runs and steps that wait for a limit or an agent."),
		("timers", "timers", "Waits, retries, schedules and timeouts to come."),
		(
			"oldest_ready_age_seconds",
			"oldest_ready_seconds",
			"How long the oldest ready step has been waiting.",
		),
	):
		yield _gauge(name, what, _level(found, SITE, "", level))


def _runs(db: Database) -> Labelled:
	counts = reads.count_unfinished_runs(db)
	return [((each.lower(),), counts.get(each, 0)) for each in RUN_STATES if each not in RUN_FINISHED]


def _workers(site: Site, settings: Settings) -> Iterator[Metric]:
	db, now = site.database, site.now()
	every = nodes.every(site, processes.every(db), queue.processes_at_work(db), settings.lease).items()
	yield _gauge("workers_wanted", "Workers that one node may have at a time.", settings.num_workers)
	for name, what in (
		("alive", "Workers that were heard of within the lease."),
		("busy", "Workers that have a step in hand."),
	):
		yield _gauge(f"workers_{name}", what, [((node,), each[name]) for node, each in every], "node")
	up = [((node,), float(each["state"] != nodes.LOST)) for node, each in every]
	yield _gauge("node_up", "0: the node's workers stopped without leaving.", up, "node")
	heard = [
		((node,), round(now - each["last_beat_seconds"], 3))
		for node, each in every
		if each["last_beat_seconds"] is not None
	]
	yield _gauge("node_last_beat_timestamp_seconds", "When a node was last heard of.", heard, "node")


def _agents(db: Database, found: Table, settings: Settings) -> Iterator[Metric]:
	every = [each for each in agents.every(db) if each["enabled"]]
	names = [str(each["name"]) for each in every]
	capacity = [((str(each["name"]),), float(each["capacity"])) for each in every]
	yield _gauge("agents_enabled", "Agents that take steps.", len(every))
	yield _gauge("agents_limit", "Agents that may be enabled at a time.", settings.max_agents)
	yield _gauge("agent_capacity", "Steps that an agent may have at a time.", capacity, "agent")
	for name, level, what in (
		("in_hand", "busy", "Steps that an agent has."),
		("waiting", "waiting", "Steps that wait for this agent to have room."),
	):
		values = [((each,), _level(found, AGENT, each, level)) for each in names]
		yield _gauge(f"agent_steps_{name}", what, values, "agent")
	enabled = reads.count_workflows(db)["enabled"]
	yield _gauge("workflows_enabled", "Workflows whose triggers start runs.", enabled)


def _pulse(site: Site) -> Iterator[Metric]:
	beat, wrong = checks.pulse(site), {each.code for each in checks.problems(site)}
	sampled = state.value(site.database, "sample")
	yield _gauge("tick_timestamp_seconds", "When the tick last acted.", beat.tick_at)
	yield _gauge("sample_timestamp_seconds", "When figures were last added up.", sampled)
	yield _gauge(
		"timers_overdue", "Waits, retries, schedules and timeouts whose time has passed.", beat.overdue
	)
	yield _gauge(
		"oldest_overdue_timer_age_seconds", "How long the oldest of them is overdue.", beat.oldest_overdue
	)
	problems = [((code,), float(code in wrong)) for code in checks.CODES]
	yield _gauge(
		"problem", "1: something is wrong with the site's machinery; status says what.", problems, "code"
	)


def _caches(site: Site) -> Labelled:
	found: Mapping[str, Mapping[str, int]] = kept.counts(site)
	return [((name, where), number) for name, counts in found.items() for where, number in counts.items()]


def _counters(totals: list[tuple[tuple[str, str], Figures]]) -> Iterator[Metric]:
	"""Each subject has families of its own: what is summed over one of them counts nothing twice."""
	for prefix, kind in (("", WORKFLOW), ("node_", NODE), ("agent_", AGENT)):
		values = [
			((name, outcome.lower()), measured.outcomes.get(outcome, 0))
			for (of, name), measured in totals
			if of == kind
			for outcome in FINISHED
		]
		what = f"Steps that workers finished, by {kind} and outcome."
		yield _counter(f"{prefix}steps_finished", what, values, kind, "outcome")
	for kind, name, outcome, what in (
		(WORKFLOW, "steps_retried", figures.RETRIED, "Attempts that failed and are tried again."),
		(NODE, "steps_lost", figures.LOST, "Attempts whose worker died, by node."),
	):
		of_kind = [
			((about,), measured.outcomes.get(outcome, 0)) for (of, about), measured in totals if of == kind
		]
		yield _counter(name, what, of_kind, kind)


def _level(found: Table, kind: str, name: str, level: str) -> float:
	levels_of = found.get((kind, name), Figures()).levels
	return levels_of[level].highest if level in levels_of else 0.0
