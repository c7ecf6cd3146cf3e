"""What to do for a target: which way to grow, to what size, what to expect of it, and the commands.

The target decides the row of the decision matrix; what was measured decides the numbers, and says so where they do not
fit the row. Without a target, the measured load decides the row as well.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from dogansystem.engine.errors import InputError
from dogansystem.scaling import bottleneck, demand, fit, matrix, orders
from dogansystem.scaling.bottleneck import Diagnosis
from dogansystem.scaling.evidence import Evidence
from dogansystem.scaling.expectation import (
	DATABASE,
	Expected,
	Size,
	database_ceiling,
	database_time,
	expect,
	wait_p95,
)
from dogansystem.scaling.matrix import Row
from dogansystem.scaling.orders import Order
from dogansystem.scaling.words import rate, seconds, size, some
from dogansystem.scaling.worker_room import MAX_WORKERS, MEMORY

GROWING_NODES = 5  # nodes up to which somebody can look after them by hand

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


def make(evidence: Evidence, diagnosis: Diagnosis, target: str | None) -> Plan:
	"""The plan for a target (`2x`, `5x`, `ha`, `unlimited`), or for the measured load. Raises InputError."""
	check(target)
	now = fit.present(evidence)
	found = _MAKERS[target](evidence, diagnosis, now)
	agents = _agents(evidence, found)
	load = demand.load(evidence, diagnosis, now)
	piles_up, known = demand.piles_up(diagnosis), bool(found.capacity.per_second)
	return Plan(
		row=found.row,
		now=now,
		then=found.then,
		capacity_now=expect(evidence, now),
		capacity_then=found.capacity,
		why=found.why,
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
	if target is not None and target not in matrix.TARGETS:
		raise InputError(f"target is {target!r}; there are {', '.join(matrix.TARGETS)}.")


@dataclass(frozen=True, slots=True)
class _Found:
	row: Row
	then: Size
	capacity: Expected
	why: list[str]
	grows: float = 1.0
	alternative: str = ""


def _twice(evidence: Evidence, diagnosis: Diagnosis, now: Size) -> _Found:
	"""Twice the workers on the same nodes, and larger machines where those are too small."""
	row = matrix.TARGETS["2x"]
	then = replace(now, workers=min(now.workers * 2, MAX_WORKERS))
	then, why = _enlarged(evidence, then)
	why.insert(0, f"{_workers(now)} become {then.workers}: a worker has one step at a time.")
	return _Found(row, then, expect(evidence, then), [*why, *_limits(evidence, then, now, 2)], 2.0)


def _five_times(evidence: Evidence, diagnosis: Diagnosis, now: Size) -> _Found:
	"""Five times the nodes. If the steps mostly wait, five times the workers on the same ones would do as well."""
	row = matrix.TARGETS["5x"]
	then = replace(now, nodes=now.nodes * 5)
	become = f"{now.nodes} nodes become" if now.nodes > 1 else "The node becomes"
	why = [
		f"{become} {then.nodes} with {some(now.workers, 'worker')} each: processors and memory grow with them, and the loss"
		" of one takes only a part."
	]
	return _Found(
		row,
		then,
		expect(evidence, then),
		[*why, *_limits(evidence, then, now, 5)],
		5.0,
		_without_nodes(evidence, now, 5),
	)


def _available(evidence: Evidence, diagnosis: Diagnosis, now: Size) -> _Found:
	"""One node more than the busiest minute needs, and two at least."""
	row = matrix.TARGETS["ha"]
	needed = math.ceil(demand.workers_for(evidence, evidence.load.peak) / now.workers)
	then = replace(now, nodes=max(2, now.nodes, needed + 1))
	left = replace(then, nodes=then.nodes - 1)
	carried = expect(evidence, left).per_second
	why = [
		f"{then.nodes} nodes: when one is lost, the {'other takes' if left.nodes == 1 else 'others take'} its steps after a lease."
	]
	if carried:
		why.append(
			f"{some(left.in_all, 'worker is', 'workers are')} left then and can do {rate(carried)} steps a second; the busiest minute of the"
			f" last day had {rate(evidence.load.peak)}."
		)
	why.append(
		"Database and Redis stay single points: take a managed MariaDB with a standby, and a Redis with a replica for the"
		" queue. Redis may lose everything without losing work; the database may not."
	)
	why.append("Two web nodes or more behind nginx-lb.conf, and one scheduler.")
	return _Found(row, then, expect(evidence, then), why)


def _unlimited(evidence: Evidence, diagnosis: Diagnosis, now: Size) -> _Found:
	"""As many as the load asks for, up to where the one database ends."""
	row = matrix.TARGETS["unlimited"]
	ceiling = database_ceiling(evidence)
	run = evidence.recent.run
	why = [
		"KEDA starts a worker for each step that runs and one more for each 20 that are ready, and takes them away again."
	]
	if not (ceiling and run):
		then = replace(now, nodes=now.nodes * 10)
		return _Found(
			row,
			then,
			expect(evidence, then),
			[*why, "Too few steps were measured to tell where the database ends."],
		)
	most = max(math.ceil(ceiling * run), now.in_all, 10)
	then = replace(now, nodes=max(now.nodes, math.ceil(most / now.workers)))
	why.append(
		f"One database is expected to carry about {rate(ceiling)} steps a second, as a step keeps it busy for"
		f" {seconds(database_time(evidence))}: set the ceiling to {some(then.in_all, 'worker')}, as more would wait for it."
	)
	why.append("Beyond that a larger database server helps, or a second site: sites share nothing.")
	capacity = Expected(ceiling, DATABASE, {DATABASE: ceiling})
	return _Found(
		row, then, capacity, why, max(1.0, ceiling / evidence.load.peak if evidence.load.peak else 1.0)
	)


def _by_load(evidence: Evidence, diagnosis: Diagnosis, now: Size) -> _Found:
	"""As large as the busiest minute asks for."""
	if diagnosis.name in _FIRST:
		return _Found(
			matrix.FIRST, now, expect(evidence, now), ["More workers do not help against this bottleneck."]
		)
	if diagnosis.name == bottleneck.WORKERS and not evidence.workers_there:
		why = [
			f"{some(evidence.workers.wanted, 'worker is', 'workers are')} wanted on each node, and there is none."
		]
		return _Found(matrix.MISSING, now, expect(evidence, now), why)
	load = demand.asked_for(evidence, diagnosis, now)
	needed = demand.workers_for(evidence, load)
	why = [demand.sentence(evidence, diagnosis, load, now)]
	if needed <= now.in_all and not demand.piles_up(diagnosis):
		return _Found(matrix.ENOUGH, now, expect(evidence, now), why)
	return _grown(evidence, now, max(needed, now.in_all + 1), why)


def _grown(evidence: Evidence, now: Size, needed: int, why: list[str]) -> _Found:
	"""So many workers, on the nodes there are if they have room, else on more."""
	there = min(each for each in (fit.by_memory(evidence), fit.by_processor(evidence), MAX_WORKERS) if each)
	if needed <= there * now.nodes:
		then = replace(now, workers=math.ceil(needed / now.nodes))
		why.append(
			f"{then.workers} workers have room on {'the node' if now.nodes == 1 else 'each of the nodes'}."
		)
		return _Found(matrix.SMALL, then, expect(evidence, then), why)
	each = max(1, min(there, needed))
	then = Size(each, max(now.nodes + 1, math.ceil(needed / each)), now.cores)
	why.append(f"A node has room for {some(each, 'worker')} with steps like these; {needed} are needed.")
	row = matrix.GROWING if then.nodes <= GROWING_NODES else matrix.ENTERPRISE
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
	processor, memory = fit.by_processor(evidence), fit.by_memory(evidence)
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
	wanted = now.workers * times
	rooms = [fit.by_memory(evidence), fit.by_processor(evidence)]
	if None in rooms or wanted > min(each for each in rooms if each is not None) or wanted > MAX_WORKERS:
		return ""
	return (
		f"For throughput alone, {wanted} workers have room on {'the node' if now.nodes == 1 else 'each node'} as it is,"
		" because these steps mostly wait."
	)


def _agents(evidence: Evidence, found: _Found) -> int | None:
	"""What `max_agents` should become: it grows with the target once four fifths of it are used."""
	if found.grows <= 1 or evidence.agents_enabled < 0.8 * evidence.agents_limit:
		return None
	return math.ceil(evidence.agents_limit * min(found.grows, 5.0))


def _workers(now: Size) -> str:
	where = "" if now.nodes == 1 else " on each node"
	return f"{some(now.workers, 'worker')}{where}"
