"""Nodes: hosts of a network of their own, each with worker processes, that share one MariaDB.

Their steps wait, as a step waits for somebody else's server. What is measured is whether more of them do more, and what
the others notice when one of them fails or joins.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.report import Figure, Promise, say
from benchmarks.windows import Sample
from tests.integration.nodes import growth, network
from tests.integration.nodes.failure import Failure, cut_power
from tests.integration.nodes.load import SECONDS
from tests.integration.nodes.place import Place, sandbox_place

# A step costs about four milliseconds of all processors together, with the database and the many processes that take
# turns on them: more workers would wait for a processor and not for somebody else's server.
WORKERS = max(4, min(10, 2 * (os.cpu_count() or 1)))  # of a node
BUSY = 0.5  # of what the nodes can do is asked of them when one is about to fail
SPREAD = 0.1


class NoHosts(Exception):
	"""Why no hosts can be made here, in one line."""


@dataclass(frozen=True, slots=True)
class Length:
	"""How long it is looked on: seconds of a window, rounds of windows, seconds after a failure and a joining."""

	window: float = 6.0
	rounds: int = 2
	after: float = 45.0
	joining: float = 10.0
	lease: float = 30.0
	workers: int = WORKERS


SHORT = Length(window=2.0, rounds=1, after=12.0, joining=5.0, lease=5.0, workers=2)


def measure(quick: bool) -> Iterator[Figure]:
	"""The figures of nodes in the sandbox. Raises NoHosts."""
	problem = network.why_not()
	if problem:
		raise NoHosts(problem)
	length = SHORT if quick else Length()
	with sandbox_place(lease_seconds=length.lease) as place:
		yield from of_place("nodes, sandbox", place, length)


def of_place(where: str, place: Place, length: Length) -> Iterator[Figure]:
	"""The figures of the nodes of a place."""
	say(f"{where}: a node fails")
	yield from _failure(where, place, length)  # first, because the others leave work behind
	say(f"{where}: a node is added")
	yield _joining(where, place, length)
	say(f"{where}: more workers, more nodes")
	yield from _growth(where, place, length)


def _growth(where: str, place: Place, length: Length) -> Iterator[Figure]:
	one = length.workers
	sizes: list[Sequence[int]] = [(10,), (20,), (one,), (one,) * 3, (one,) * 5]
	windows: dict[Sequence[int], list[growth.Window]] = {each: [] for each in sizes}
	for number in range(length.rounds):
		for size in sizes if number % 2 == 0 else reversed(sizes):
			windows[size].append(growth.measure(place, size, length.window))

	def more(what: str, size: Sequence[int], than: Sequence[int], promise: Promise) -> Figure:
		rates = [[window.rate for window in windows[each]] for each in (size, than)]
		sides = {"rates": " / ".join(", ".join(f"{rate:.0f}/s" for rate in side) for side in rates)}
		ratios = Sample(tuple(each / other for each, other in zip(*rates, strict=True)))
		return Figure.of(where, what, ratios, "x", promise, **sides)

	def spread(size: Sequence[int]) -> Figure:
		farthest = Sample(tuple(window.spread for window in windows[size]))
		counts = {str(number): str(window.by_node) for number, window in enumerate(windows[size])}
		what = f"{len(size)} nodes, farthest from an even share"
		return Figure.of(where, what, farthest, "%", Promise("at most", SPREAD), **counts)

	yield more("one node, 20 workers / 10", sizes[1], sizes[0], Promise("at least", 1.9))
	yield more(f"3 nodes of {one} workers / 1", sizes[3], sizes[2], Promise("at least", 2.8))
	yield more(f"5 nodes of {one} workers / 1", sizes[4], sizes[2], Promise("at least", 4.5))
	yield spread(sizes[3])
	yield spread(sizes[4])


def _joining(where: str, place: Place, length: Length) -> Figure:
	joined = growth.join(place, [length.workers] * 2, length.workers, length.joining)
	promise = Promise("at most", 10)
	return _figure(where, "a node added: does its share after", joined.seconds, "s", promise)


def _failure(where: str, place: Place, length: Length) -> Iterator[Figure]:
	sizes = [length.workers] * 3
	seen: Failure = cut_power(place, sizes, BUSY * sum(sizes) / SECONDS, length.after)
	yield _figure(where, "a node killed: lost", seen.lost, "", Promise("at most", 0))
	yield _figure(where, "a node killed: doubled", seen.doubled, "", Promise("at most", 0))
	what = f"a node killed: its {seen.in_hand} steps taken over after, of the lease"
	yield _figure(where, what, seen.taken_over / length.lease, "%", Promise("at most", 1))
	yield _figure(where, "a node killed: shown as lost after", seen.seen, "s", Promise("at most", 60))
	yield _figure(where, "a node killed: p95 response before", seen.before, "s")
	yield _figure(where, "a node killed: p95 response, worst second", seen.worst, "s")
	yield _figure(where, "a node killed: p95 response at the end", seen.after, "s")
	yield _figure(
		where, "a node killed: p95 response usual again after", seen.back, "s", Promise("at most", 60)
	)


def _figure(where: str, what: str, value: float, unit: str, promise: Promise | None = None) -> Figure:
	return Figure.of(where, what, Sample((value,)), unit, promise)
