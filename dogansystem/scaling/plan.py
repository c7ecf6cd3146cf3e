"""What to do for a target: which way to grow, to what size, what to expect of it, and the commands.

The target decides the row of the decision matrix; what was measured decides the numbers, and says so where they do not fit
the row. Without a target, the measured load decides the row as well.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from dogansystem.engine.errors import InputError
from dogansystem.scaling import bottleneck, sizing
from dogansystem.scaling.bottleneck import Diagnosis
from dogansystem.scaling.evidence import Evidence
from dogansystem.scaling.sizing import DATABASE, MAX_WORKERS, MEMORY, Expected, Size, expect
from dogansystem.scaling.words import number, seconds, size, some

GROWING_NODES = 5  # nodes up to which somebody can look after them by hand
NEARLY_ALL = 0.8  # of the agents that may be enabled, from which on their limit grows with the target

VERTICAL, HORIZONTAL, CLOUD, NONE = "vertical", "horizontal", "cloud", "none"
COMPOSE = "docker compose -f compose.yaml -f docker-compose.scale.yml up -d"

# What more workers do not help against: it comes first.
_FIRST = (bottleneck.CONNECTIONS, bottleneck.CAPACITY, bottleneck.LOCKS, bottleneck.POOL, bottleneck.DATABASE)
_PILES_UP = (bottleneck.WORKERS, bottleneck.CPU)  # more arrives than the workers there are can do


@dataclass(frozen=True, slots=True)
class Row:
	"""A row of the matrix: which way to grow, how long that takes, and what it costs. `direction` is for programs."""

	scenario: str
	direction: str
	recommendation: str
	time: str
	cost: str


TARGETS = {
	"2x": Row("Need 2x capacity", VERTICAL, "Vertical scaling", "1 day", "Low"),
	"5x": Row("Need 5x capacity", HORIZONTAL, "Horizontal scaling", "1 week", "Medium"),
	"ha": Row("Need high availability", HORIZONTAL, "Horizontal scaling", "1 week", "Medium"),
	"unlimited": Row("Need unlimited scale", CLOUD, "Cloud + Kubernetes", "2 weeks", "Higher"),
}

# What the measured load makes of a site that has named no target.
FIRST = Row("Workers are enough", NONE, "Remove the bottleneck first", "None", "None")
MISSING = Row("Workers are missing", NONE, "Start them", "None", "None")
ENOUGH = Row("Capacity is enough", NONE, "Nothing to do", "None", "None")
SMALL = Row("Small business", VERTICAL, "Vertical scaling", "1 day", "Low")
GROWING = Row("Growing business", HORIZONTAL, "Horizontal scaling", "1 week", "Medium")
ENTERPRISE = Row("Enterprise", CLOUD, "Cloud + Auto-scaling", "2 weeks", "Higher")

Found = tuple[Row, Size, list[str]]  # the row, the size to grow to, and why


@dataclass(frozen=True, slots=True)
class Order:
	"""Something to type, or, where `command` is empty, to do."""

	command: str
	what: str


@dataclass(frozen=True, slots=True)
class Plan:
	"""What to do. `first` has to be done before it, or it does not help; `agents` is what `max_agents` should become."""

	row: Row
	now: Size
	then: Size
	expected_now: Expected
	expected_then: Expected
	why: list[str]
	first: str
	agents: int | None
	orders: list[Order]


def make(evidence: Evidence, diagnosis: Diagnosis, target: str | None) -> Plan:
	"""The plan for a target (`2x`, `5x`, `ha`, `unlimited`), or for the measured load. Raises InputError."""
	check(target)
	now, peak = sizing.present(evidence), evidence.load.peak
	row, then, why = _MAKERS[target](evidence, diagnosis, now)
	grows = {"2x": 2.0, "5x": 5.0, "unlimited": (expect(evidence, then).per_second or 0) / (peak or math.inf)}
	times, piles_up = max(1.0, grows.get(target or "", 1.0)), diagnosis.name in _PILES_UP
	agents = _agents(evidence, times)
	# Where work piles up nobody knows how much more would come: what is done now is what is known.
	arrivals = _load(evidence, diagnosis, now) * (1 if piles_up else times)
	return Plan(
		row,
		now,
		then,
		expect(evidence, now, math.inf if piles_up else peak),
		expect(evidence, then, arrivals),
		[*_fewer_than_allowed(evidence, now), *why],
		diagnosis.remedy if diagnosis.name in _FIRST else "",
		agents,
		_orders(evidence, row, now, then, agents),
	)


def check(target: str | None) -> None:
	"""Raise InputError unless there is such a target."""
	if target is not None and target not in TARGETS:
		raise InputError(f"target is {target!r}; there are {', '.join(TARGETS)}.")


def _twice(evidence: Evidence, diagnosis: Diagnosis, now: Size) -> Found:
	"""Twice the workers on the same nodes, and larger machines where those are too small."""
	then, why = replace(now, workers=min(now.workers * 2, MAX_WORKERS)), []
	processor, memory = sizing.by_processor(evidence), sizing.by_memory(evidence)
	if processor is not None and then.workers > processor:
		then = replace(then, cores=float(math.ceil(then.workers / processor * then.cores)))
		carry = f"{some(now.cores, 'core')} carry {some(processor, 'worker')} with steps like these"
		why.append(f"{carry}: a machine with {then.cores:g} is needed.")
	if memory is not None and then.workers > memory:
		lacks = size((then.workers - memory) * MEMORY)
		why.append(f"Memory has room for {some(memory, 'worker')}: {lacks} more are needed.")
	return TARGETS["2x"], then, [*why, *_limits(evidence, then, now, 2)]


def _five_times(evidence: Evidence, diagnosis: Diagnosis, now: Size) -> Found:
	"""Five times the nodes. If the steps mostly wait, five times the workers on the same ones would do as well."""
	then, wanted = replace(now, nodes=now.nodes * 5), now.workers * 5
	why = ["Processors and memory grow with the nodes, and the loss of one takes only a part."]
	if all(each is not None and wanted <= each for each in _rooms(evidence)):
		where = "the node" if now.nodes == 1 else "each node"
		why.append(
			f"For throughput alone, {wanted} workers have room on {where} as it is, because these steps mostly wait."
		)
	return TARGETS["5x"], then, [*why, *_limits(evidence, then, now, 5)]


def _available(evidence: Evidence, diagnosis: Diagnosis, now: Size) -> Found:
	"""One node more than the busiest minute needs, and two at least."""
	peak = evidence.load.peak
	needed = math.ceil(sizing.workers_for(evidence, peak) / now.workers)
	then = replace(now, nodes=max(2, now.nodes, needed + 1))
	left = replace(then, nodes=then.nodes - 1)
	why = [f"{then.nodes} nodes: when one is lost, the others take its steps after a lease."]
	if carried := expect(evidence, left).per_second:
		workers = some(left.in_all, "worker is", "workers are")
		why.append(
			f"{workers} left then, for {number(carried)} steps a second; the busiest minute of the last day had {number(peak)}."
		)
	why += [
		"Database and Redis stay single points: take a managed MariaDB with a standby, and a Redis with a replica for the"
		" queue. Redis may lose everything without losing work; the database may not.",
		"Two web nodes or more behind nginx-lb.conf, and one scheduler.",
	]
	return TARGETS["ha"], then, why


def _unlimited(evidence: Evidence, diagnosis: Diagnosis, now: Size) -> Found:
	"""As many as the load asks for, up to where the one database ends."""
	row, ceiling, run = TARGETS["unlimited"], sizing.database_ceiling(evidence), evidence.recent.run
	if not (ceiling and run):
		why = ["Too few steps were measured to tell where the database ends."]
		return row, replace(now, nodes=now.nodes * 10), why
	most = max(math.ceil(ceiling * run), now.in_all, 10)
	then = replace(now, nodes=max(now.nodes, math.ceil(most / now.workers)))
	why = [
		f"One database is expected to carry about {number(ceiling)} steps a second, as a step keeps it busy for"
		f" {seconds(sizing.database_time(evidence))}: set the ceiling to {some(then.in_all, 'worker')}, as more would wait"
		" for it. Beyond that a larger database server helps, or a second site: sites share nothing."
	]
	return row, then, why


def _by_load(evidence: Evidence, diagnosis: Diagnosis, now: Size) -> Found:
	"""As large as the busiest minute asks for."""
	if diagnosis.name in _FIRST:
		return FIRST, now, ["More workers do not help against this bottleneck."]
	if diagnosis.name == bottleneck.WORKERS and not evidence.workers_there:
		wanted = some(evidence.workers.wanted, "worker is", "workers are")
		return MISSING, now, [f"{wanted} wanted on each node, and there is none."]
	run, load, piles_up = evidence.recent.run, _load(evidence, diagnosis, now), diagnosis.name in _PILES_UP
	# Where work piles up nobody knows how much more would come: twice of what is done is planned for.
	asked = load * (2 if piles_up else 1)
	needed = sizing.workers_for(evidence, asked)
	known = (
		f"Work piles up while about {number(load)} steps a second are done, so plan for twice that"
		if piles_up
		else f"The busiest minute of the last day had {number(load)} steps a second"
	)
	why = [
		f"{known}: at {seconds(run)} each they keep {some(math.ceil(asked * run), 'worker')} busy. With {needed} there is a"
		" reserve, and 95% begin within a second."
		if run and asked
		else "Too few steps were measured to say more."
	]
	if needed <= now.in_all and not piles_up:
		return ENOUGH, now, why
	return _grown(evidence, now, max(needed, now.in_all + 1), why)


def _grown(evidence: Evidence, now: Size, needed: int, why: list[str]) -> Found:
	"""So many workers, on the nodes there are if they have room, else on more."""
	room = min(each for each in _rooms(evidence) if each)
	why.append(f"A node has room for {some(room, 'worker')} with steps like these.")
	if needed <= room * now.nodes:
		return SMALL, replace(now, workers=math.ceil(needed / now.nodes)), why
	each = max(1, min(room, needed))
	then = Size(each, max(now.nodes + 1, math.ceil(needed / each)), now.cores)
	return GROWING if then.nodes <= GROWING_NODES else ENTERPRISE, then, why


def _rooms(evidence: Evidence) -> tuple[int | None, ...]:
	return sizing.by_memory(evidence), sizing.by_processor(evidence), MAX_WORKERS


_MAKERS: dict[str | None, Callable[[Evidence, Diagnosis, Size], Found]] = {
	"2x": _twice,
	"5x": _five_times,
	"ha": _available,
	"unlimited": _unlimited,
	None: _by_load,
}


def _load(evidence: Evidence, diagnosis: Diagnosis, now: Size) -> float:
	"""Steps per second of the busiest minute; where they pile up, at least what busy workers do."""
	does = expect(evidence, now).per_second or 0.0
	return max(evidence.load.peak, does if diagnosis.name in _PILES_UP else 0.0)


def _limits(evidence: Evidence, then: Size, now: Size, times: int) -> list[str]:
	"""What else would be in the way."""
	before, after = expect(evidence, now), expect(evidence, then)
	if not (before.per_second and after.per_second):
		return ["Too few steps were measured to say what to expect; look again when some have run."]
	if after.limit == DATABASE and after.per_second < times * before.per_second:
		does = f"about {number(after.per_second)} steps a second"
		return [f"The database ends it before: {does}. Give it more processors, or a faster disk."]
	return []


def _agents(evidence: Evidence, times: float) -> int | None:
	"""What `max_agents` should become: it grows with the target once most of it is used."""
	if times <= 1 or evidence.agents_enabled < NEARLY_ALL * evidence.agents_limit:
		return None
	return math.ceil(evidence.agents_limit * min(times, 5.0))


def _fewer_than_allowed(evidence: Evidence, now: Size) -> list[str]:
	"""Says which of two numbers counts, where fewer workers run than Dogan Settings lets work."""
	if not evidence.workers_there or now.workers >= evidence.workers.wanted:
		return []
	runs = f"a node runs {some(now.workers, 'worker')}: that number counts here"
	return [f"Workers per Node in Dogan Settings is {evidence.workers.wanted}, but {runs}."]


# What to type: first what is recorded, then what changes, then what checks it. The commands are this app's own and those of
# deploy/.


def _orders(evidence: Evidence, row: Row, now: Size, then: Size, agents: int | None) -> list[Order]:
	if row is MISSING:
		return _changes(evidence, Size(0, 1, 0.0), now, None)
	if row.direction == NONE:
		return []
	found = _cloud(then) if row.direction == CLOUD else _changes(evidence, now, then, agents)
	if not evidence.on_bench:
		return found
	bench = f"bench --site {evidence.site} dogansystem"
	before = Order(f"{bench} baseline", "Records how it goes now.")
	return [before, *found, Order(f"{bench} compare", "An hour later: what was gained.")]


def _changes(evidence: Evidence, now: Size, then: Size, agents: int | None) -> list[Order]:
	if not evidence.on_bench:
		command = f"dogansystem serve --db URL --workers {then.in_all}"
		return [Order(command, "Works with that many processes.")]
	found = []
	if then.cores > now.cores:
		found.append(Order("", f"Move to a machine with {then.cores:g} cores."))
	if then.workers != now.workers or agents:
		more = f" --agents {agents}" if agents else ""
		command = f"bench --site {evidence.site} dogansystem scale --workers {then.workers}{more}"
		found.append(Order(command, "On each node: sets its workers."))
	if then.nodes > now.nodes:
		compose = f"NUM_WORKERS={then.workers} {COMPOSE} --scale node={then.nodes}"
		units = f"dogansystem-workers.target dogansystem-worker@{{1..{then.workers}}}"
		found.append(Order(compose, "With Docker Compose: that many nodes."))
		found.append(Order(f"systemctl enable --now {units}", "Without containers: on each new node."))
	return found


def _cloud(then: Size) -> list[Order]:
	apply = "kubectl apply --namespace erpnext --kustomize deploy/kubernetes/overlays/aws"
	patch = "kubectl patch scaledobject dogansystem-worker --namespace erpnext --type merge --patch"
	ceiling = f'{{"spec": {{"maxReplicaCount": {then.in_all}}}}}'
	keda = "KEDA starts one worker for each step that runs and one more for each 20 ready"
	return [
		Order(apply, f"Or gcp, or azure. {keda}."),
		Order(f"{patch} '{ceiling}'", "Sets the ceiling."),
	]
