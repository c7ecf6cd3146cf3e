"""A node whose power is cut under load: what becomes of its steps, and how long others wait."""

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

from tests.integration.nodes import growth
from tests.integration.nodes.load import SHAPES, Load
from tests.integration.nodes.place import Node, Place

BEFORE = 8.0  # seconds of load before
SLOWER = 0.5  # seconds than before, from which on response times are not back to what they were
ARRIVE = ("one", "one", "one", "one", "chain")  # together
ALL_END = 60.0  # seconds


@dataclass(frozen=True, slots=True)
class Failure:
	"""What was seen. Times are seconds after the power was cut.

	Attributes:
		in_hand: steps that the node had in hand.
		taken_over: when the last of them was out of its hands.
		seen: when the status said that the node is lost.
		before, worst, after: response time of which 95 of 100 runs stay below, of runs that were started before, in the
			worst second, and in the last five seconds.
		back: after which all runs that were started had the usual response time again.
	"""

	in_hand: int
	taken_over: float
	seen: float
	before: float
	worst: float
	after: float
	back: float
	steps: int
	lost: int
	doubled: int


def cut_power(place: Place, sizes: Sequence[int], rate: float, seconds: float) -> Failure:
	"""Cut the power of the last node while runs arrive that need `rate` steps per second, and look on for `seconds`."""
	place.load.fill(growth.while_they_come(sizes))  # workers of a bench come only where there is work
	with place.nodes(*sizes) as nodes:
		place.load.wait_until_done(ALL_END)
		watch = _Watch(place, nodes[-1])
		began = time.monotonic()
		arrivals = _Arrivals(place.load, rate)
		while time.monotonic() < began + BEFORE or watch.steps_in_hand() < max(1, nodes[-1].workers // 2):
			arrivals.come()
			assert time.monotonic() < began + BEFORE + ALL_END, "the node never had enough in hand"
		cut, cut_at = time.monotonic(), place.site.now()
		nodes[-1].kill()
		watch.begin(cut)
		while time.monotonic() < cut + seconds:
			arrivals.come()
			watch.look()
		ended_at = place.site.now()
		place.load.wait_until_done(ALL_END)
	return _failure(place.load, watch, cut_at, ended_at)


class _Arrivals:
	"""Runs that come whether or not those before them have ended."""

	def __init__(self, load: Load, rate: float) -> None:
		self._load = load
		self._gap = sum(SHAPES[shape] for shape in ARRIVE) / rate  # seconds
		self._next = time.monotonic()

	def come(self) -> None:
		"""Start what is due, and wait a moment."""
		while time.monotonic() >= self._next:
			self._next += self._gap
			for shape in ARRIVE:
				self._load.start(shape)
		time.sleep(0.01)


class _Watch:
	"""Looks at what others know of a node."""

	def __init__(self, place: Place, node: Node) -> None:
		self._place, self._node = place, node
		self.in_hand, self.taken_over, self.seen = 0, float("inf"), float("inf")
		self._status_at = 0.0

	def begin(self, cut: float) -> None:
		self._cut = cut
		self.in_hand = self.steps_in_hand()

	def look(self) -> None:
		since = time.monotonic() - self._cut
		if self.taken_over == float("inf") and not self.steps_in_hand():
			self.taken_over = since
		if self.seen == float("inf") and since > self._status_at + 0.5:
			self._status_at = since
			nodes = self._place.load.orchestrator.get_system_status()["nodes"]
			if nodes.get(self._node.name, {}).get("state") == "lost":
				self.seen = since

	def steps_in_hand(self) -> int:
		query = "SELECT COUNT(*) FROM dogan_lease l JOIN dogan_process p ON l.process = ABS(p.id) WHERE p.node = %s"
		return int(self._place.load.ask(query, (self._node.name,))[0][0])


def _failure(load: Load, watch: _Watch, cut_at: float, ended_at: float) -> Failure:
	by_second = _response_times(load, cut_at)
	last = int(ended_at - cut_at)
	before = _p95([each for second, times in by_second.items() if second < -1 for each in times])
	worst = {second: _p95(times) for second, times in by_second.items()}
	slow = [second for second, value in worst.items() if value > before + SLOWER and second >= -1]
	lost, doubled = load.lost_and_doubled()
	return Failure(
		in_hand=watch.in_hand,
		taken_over=watch.taken_over,
		seen=watch.seen,
		before=before,
		worst=max(worst.values()),
		after=_p95([each for second, times in by_second.items() if second >= last - 5 for each in times]),
		back=max(slow, default=-1) + 1.0,
		steps=load.steps,
		lost=lost,
		doubled=doubled,
	)


def _response_times(load: Load, cut_at: float) -> dict[int, list[float]]:
	"""From start to end, of the runs of one step that arrived, by the second in which they were started; 0 begins with the
	cut."""
	rows = load.ask(
		"SELECT TIMESTAMPDIFF(MICROSECOND, %s, creation), TIMESTAMPDIFF(MICROSECOND, creation, finished_at)"
		" FROM `tabDogan Workflow Run` WHERE workflow = 'wait-one' AND creation >= %s",
		(load.text(cut_at), load.text(cut_at - BEFORE)),
	)
	found: dict[int, list[float]] = {}
	for began, took in rows:
		found.setdefault(began // 1_000_000, []).append(took / 1_000_000)
	return found


def _p95(values: Sequence[float]) -> float:
	return statistics.quantiles(values, n=20, method="inclusive")[-1] if len(values) > 1 else values[0]
