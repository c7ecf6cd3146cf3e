"""What to do for a target: which way to grow, to what size, what to expect of it, and the commands.

The target decides the row of the Expansion Roadmap's decision matrix; what was measured decides the numbers, and says so
where they do not fit the row. Without a target, the measured load decides the row as well.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from dogansystem.engine.errors import InputError
from dogansystem.scaling import bottleneck, orders, sizing
from dogansystem.scaling.bottleneck import Diagnosis
from dogansystem.scaling.evidence import Evidence
from dogansystem.scaling.orders import ENOUGH, ENTERPRISE, FIRST, GROWING, MISSING, SMALL, TARGETS, Order, Row
from dogansystem.scaling.sizing import DATABASE, MAX_WORKERS, MEMORY, Expected, Size, expect, wait_p95
from dogansystem.scaling.words import rate, seconds, size, some

GROWING_NODES = 5  # nodes up to which somebody can look after them by hand
NEARLY_ALL = 0.8  # of the agents that may be enabled, from which on their limit grows with the target

# What more workers do not help against: it comes first.
_FIRST = (
	bottleneck.CONNECTIONS,
	bottleneck.CAPACITY,
	bottleneck.LOCKS,
	bottleneck.POOL,
	bottleneck.DATABASE,
)


@dataclass(frozen=True, slots=True)
class Plan:
	"""What to do. `first` has to be done before it, or it does not help; `alternative` is what would do as well."""

	row: Row
	now: Size
	then: Size
	capacity_now: Expected
	capacity_then: Expected
	why: list[str] = field(default_factory=list)
	first: str = ""
	alternative: str = ""
	agents: int | None = None
	wait_now: float | None = None
	wait_then: float | None = None
	orders: list[Order] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Found:
	row: Row
	then: Size
	capacity: Expected
	why: list[str]
	grows: float = 1.0
	alternative: str = ""


def make(evidence: Evidence, diagnosis: Diagnosis, target: str | None) -> Plan:
	"""The plan for a target (`2x`, `5x`, `ha`, `unlimited`), or for the measured load. Raises InputError."""
	check(target)
	now = sizing.present(evidence)
	found = _MAKERS[target](evidence, diagnosis, now)
	agents = _agents(evidence, found)
	load, piles_up = sizing.load(evidence, diagnosis, now), sizing.piles_up(diagnosis)
	known = bool(found.capacity.per_second)
	return Plan(
		row=found.row,
		now=now,
		then=found.then,
		capacity_now=expect(evidence, now),
		capacity_then=found.capacity,
		why=[*_fewer_than_allowed(evidence, now), *found.why],
		first=diagnosis.remedy if diagnosis.name in _FIRST else "",
		alternative=found.alternative,
		agents=agents,
		wait_now=(math.inf if piles_up else wait_p95(evidence, now, load)) if known else None,
		# Where work piles up nobody knows how much more would come: what is done now is what is known.
		wait_then=wait_p95(evidence, found.then, load * (1 if piles_up else found.grows)) if known else None,
		orders=orders.of(evidence, found.row, now, found.then, agents),
	)


def check(target: str | None) -> None:
	"""Raise InputError unless there is such a target."""
	if target is not None and target not in TARGETS:
		raise InputError(f"target is {target!r}; there are {', '.join(TARGETS)}.")


def _twice(evidence: Evidence, diagnosis: Diagnosis, now: Size) -> _Found:
	"""Twice the workers on the same nodes, and larger machines where those are too small."""
	then, why = _enlarged(evidence, replace(now, workers=min(now.workers * 2, MAX_WORKERS)))
	where = "" if now.nodes == 1 else " on each node"
	why.insert(
		0, f"{some(now.workers, 'worker')}{where} become {then.workers}: a worker has one step at a time."
	)
	return _Found(
		TARGETS["2x"], then, expect(evidence, then), [*why, *_limits(evidence, then, now, 2)], grows=2.0
	)


def _five_times(evidence: Evidence, diagnosis: Diagnosis, now: Size) -> _Found:
	"""Five times the nodes. If the steps mostly wait, five times the workers on the same ones would do as well."""
	then = replace(now, nodes=now.nodes * 5)
	become = f"{now.nodes} nodes become" if now.nodes > 1 else "The node becomes"
	why = [
		f"{become} {then.nodes} with {some(now.workers, 'worker')} each: processors and memory grow with them, and the loss"
		" of one takes only a part.",
		*_limits(evidence, then, now, 5),
	]
	alternative = _without_nodes(evidence, now, 5)
	return _Found(TARGETS["5x"], then, expect(evidence, then), why, 5.0, alternative)


def _available(evidence: Evidence, diagnosis: Diagnosis, now: Size) -> _Found:
	"""One node more than the busiest minute needs, and two at least."""
	peak = evidence.load.peak
	needed = math.ceil(sizing.workers_for(evidence, peak) / now.workers)
	then = replace(now, nodes=max(2, now.nodes, needed + 1))
	left = replace(then, nodes=then.nodes - 1)
	carried = expect(evidence, left).per_second
	others = "other takes" if left.nodes == 1 else "others take"
	why = [f"{then.nodes} nodes: when one is lost, the {others} its steps after a lease."]
	if carried:
		why.append(
			f"{some(left.in_all, 'worker is', 'workers are')} left then and can do {rate(carried)} steps a second; the busiest"
			f" minute of the last day had {rate(peak)}."
		)
	why += [
		"Database and Redis stay single points: take a managed MariaDB with a standby, and a Redis with a replica for the"
		" queue. Redis may lose everything without losing work; the database may not.",
		"Two web nodes or more behind nginx-lb.conf, and one scheduler.",
	]
	return _Found(TARGETS["ha"], then, expect(evidence, then), why)


def _unlimited(evidence: Evidence, diagnosis: Diagnosis, now: Size) -> _Found:
	"""As many as the load asks for, up to where the one database ends."""
	row, ceiling, run = TARGETS["unlimited"], sizing.database_ceiling(evidence), evidence.recent.run
	why = [
		"KEDA starts a worker for each step that runs and one more for each 20 that are ready, and takes them away again."
	]
	if not (ceiling and run):
		then = replace(now, nodes=now.nodes * 10)
		why.append("Too few steps were measured to tell where the database ends.")
		return _Found(row, then, expect(evidence, then), why)
	most = max(math.ceil(ceiling * run), now.in_all, 10)
	then = replace(now, nodes=max(now.nodes, math.ceil(most / now.workers)))
	why += [
		f"One database is expected to carry about {rate(ceiling)} steps a second, as a step keeps it busy for"
		f" {seconds(sizing.database_time(evidence))}: set the ceiling to {some(then.in_all, 'worker')}, as more would wait"
		" for it.",
		"Beyond that a larger database server helps, or a second site: sites share nothing.",
	]
	grows = max(1.0, ceiling / evidence.load.peak if evidence.load.peak else 1.0)
	return _Found(row, then, Expected(ceiling, DATABASE, {DATABASE: ceiling}), why, grows)


def _by_load(evidence: Evidence, diagnosis: Diagnosis, now: Size) -> _Found:
	"""As large as the busiest minute asks for."""
	expected = expect(evidence, now)
	if diagnosis.name in _FIRST:
		return _Found(FIRST, now, expected, ["More workers do not help against this bottleneck."])
	if diagnosis.name == bottleneck.WORKERS and not evidence.workers_there:
		wanted = some(evidence.workers.wanted, "worker is", "workers are")
		return _Found(MISSING, now, expected, [f"{wanted} wanted on each node, and there is none."])
	needed, sentence = sizing.demand(evidence, diagnosis, now)
	if needed <= now.in_all and not sizing.piles_up(diagnosis):
		return _Found(ENOUGH, now, expected, [sentence])
	return _grown(evidence, now, max(needed, now.in_all + 1), [sentence])


def _grown(evidence: Evidence, now: Size, needed: int, why: list[str]) -> _Found:
	"""So many workers, on the nodes there are if they have room, else on more."""
	rooms = (sizing.by_memory(evidence), sizing.by_processor(evidence), MAX_WORKERS)
	there = min(each for each in rooms if each)
	if needed <= there * now.nodes:
		then, row = replace(now, workers=math.ceil(needed / now.nodes)), SMALL
		where = "the node" if now.nodes == 1 else "each of the nodes"
		why.append(f"{then.workers} workers have room on {where}.")
	else:
		each = max(1, min(there, needed))
		then = Size(each, max(now.nodes + 1, math.ceil(needed / each)), now.cores)
		row = GROWING if then.nodes <= GROWING_NODES else ENTERPRISE
		why.append(f"A node has room for {some(each, 'worker')} with steps like these; {needed} are needed.")
	return _Found(row, then, expect(evidence, then), why)


_MAKERS: dict[str | None, Callable[[Evidence, Diagnosis, Size], _Found]] = {
	"2x": _twice,
	"5x": _five_times,
	"ha": _available,
	"unlimited": _unlimited,
	None: _by_load,
}


def _enlarged(evidence: Evidence, then: Size) -> tuple[Size, list[str]]:
	"""The size with the cores that it needs, and what that means for the machines."""
	why = []
	processor, memory = sizing.by_processor(evidence), sizing.by_memory(evidence)
	if processor is not None and then.workers > processor:
		cores = math.ceil(then.workers / processor * then.cores)
		why.append(
			f"{some(then.cores, 'core')} carry {some(processor, 'worker')} with steps like these:"
			f" a machine with {cores} is needed."
		)
		then = replace(then, cores=float(cores))
	if memory is not None and then.workers > memory:
		more = (then.workers - memory) * MEMORY
		why.append(f"Memory has room for {some(memory, 'worker')}: {size(more)} more are needed.")
	return then, why


def _limits(evidence: Evidence, then: Size, now: Size, times: int) -> list[str]:
	"""What else would be in the way."""
	before, after = expect(evidence, now), expect(evidence, then)
	if not (before.per_second and after.per_second):
		return ["Too few steps were measured to say what to expect; look again when some have run."]
	if after.limit == DATABASE and after.per_second < times * before.per_second:
		return [
			f"The database ends it before: about {rate(after.per_second)} steps a second. Give it more processors, or a"
			" faster disk."
		]
	return []


def _without_nodes(evidence: Evidence, now: Size, times: int) -> str:
	"""Whether the same would do without further nodes."""
	wanted, rooms = now.workers * times, (sizing.by_memory(evidence), sizing.by_processor(evidence))
	if any(each is None or wanted > each for each in (*rooms, MAX_WORKERS)):
		return ""
	where = "the node" if now.nodes == 1 else "each node"
	return f"For throughput alone, {wanted} workers have room on {where} as it is, because these steps mostly wait."


def _agents(evidence: Evidence, found: _Found) -> int | None:
	"""What `max_agents` should become: it grows with the target once most of it is used."""
	if found.grows <= 1 or evidence.agents_enabled < NEARLY_ALL * evidence.agents_limit:
		return None
	return math.ceil(evidence.agents_limit * min(found.grows, 5.0))


def _fewer_than_allowed(evidence: Evidence, now: Size) -> list[str]:
	"""Says which of two numbers counts, where fewer workers run than Dogan Settings lets work."""
	if not evidence.workers_there or now.workers >= evidence.workers.wanted:
		return []
	return [
		f"Workers per Node in Dogan Settings is {evidence.workers.wanted}, but a node runs {some(now.workers, 'worker')}:"
		" that number counts here."
	]
