"""More workers, more nodes: what they finish, and how evenly."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from tests.integration.nodes.load import SECONDS, Window
from tests.integration.nodes.place import Place

WARM_UP = 1.5  # seconds after the last worker came
LOOK = 3.0  # seconds at least, over which a share is counted


def measure(place: Place, sizes: Sequence[int], seconds: float) -> Window:
	"""What nodes with so many workers each finish while there is more to do than they can."""
	place.load.fill(round(sum(sizes) / SECONDS * (seconds + WARM_UP)) + while_they_come(sizes))
	with place.nodes(*sizes) as nodes:
		time.sleep(WARM_UP)
		window = place.load.window([node.name for node in nodes], seconds)
		assert place.load.left() > sum(sizes), "there was not enough to do"
	return window


def while_they_come(sizes: Sequence[int]) -> int:
	"""How many steps nodes with so many workers each do at most until all of them have come."""
	return round(sum(sizes) / SECONDS * (6.0 + sum(sizes) / 5))


@dataclass(frozen=True, slots=True)
class Joined:
	"""What a node did that joined others under load.

	Attributes:
		seconds: after its start, from which on it did its share, which is what the others did by the worker, less a
			tenth. Infinity: never.
		share: what it did in the end, as a part of what the others did by the worker.
	"""

	seconds: float
	share: float


def join(place: Place, old: Sequence[int], new: int, seconds: float) -> Joined:
	"""Have a node join others under load, and look on for so many seconds after its workers are there."""
	place.load.fill(round((sum(old) + new) / SECONDS * seconds) + while_they_come([*old, new]))
	with place.nodes(*old) as nodes:
		began = place.site.now()
		added = place.join(f"node-{len(old) + 1}", new)
		try:
			place.wait_for(added)
			time.sleep(seconds)
			ended = place.site.now()
			names = [node.name for node in [*nodes, added]]
			starts = range(int(ended - began - LOOK))
			windows = [place.load.between(names, began + at, ended) for at in starts]
		finally:
			place.leave(added)
	shares = [_share(window, [*old, new]) for window in windows]
	return Joined(next((float(at) for at, share in enumerate(shares) if share >= 0.9), inf), shares[-1])


def _share(window: Window, workers: Sequence[int]) -> float:
	*others, mine = window.by_node.values()
	return mine / workers[-1] / max(sum(others) / sum(workers[:-1]), 0.1)
