"""More workers, more nodes: what they finish, and how evenly."""

import time
from collections.abc import Sequence
from math import inf

from tests.nodes.load import SECONDS, Window
from tests.nodes.place import Place

WARM_UP = 1.5  # seconds after the last worker came
MARGIN = 1.5  # times the steps that could be done in the time


def measure(place: Place, sizes: Sequence[int], seconds: float) -> Window:
	"""What nodes with so many workers each finish while there is more to do than they can."""
	# While they come and warm up some of it is done as well.
	coming = 10.0 + sum(sizes) / 5
	place.load.fill(round(sum(sizes) / SECONDS * (seconds + WARM_UP + coming)))
	with place.nodes(*sizes) as nodes:
		time.sleep(WARM_UP)
		window = place.load.window([node.name for node in nodes], seconds)
		assert place.load.left() > sum(sizes), "there was not enough to do"
	return window


def seconds_to_share(place: Place, old: Sequence[int], new: int, seconds: float) -> float:
	"""How long after its start a node does its share beside others under load, from second to second.

	Its share is what the others have by the worker, less a tenth. Infinity: not within `seconds`.
	"""
	workers = [*old, new]
	place.load.fill(round(sum(workers) / SECONDS * (seconds + 10.0 + sum(old) / 5)))
	with place.nodes(*old) as nodes:
		began = place.site.now()
		added = place.join(f"node-{len(workers)}", new)
		try:
			time.sleep(seconds)
			names = [node.name for node in [*nodes, added]]
			windows = [place.load.between(names, began + at, began + at + 1) for at in range(int(seconds))]
		finally:
			place.leave(added)
	return next((at + 1.0 for at, window in enumerate(windows) if _has_share(window, workers)), inf)


def _has_share(window: Window, workers: Sequence[int]) -> bool:
	*others, mine = window.by_node.values()
	return mine >= 0.9 * sum(others) * workers[-1] / sum(workers[:-1])
