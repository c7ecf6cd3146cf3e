"""The order of work in the queues' keys."""

LANES = 10  # one for each priority


def lane(priority: int) -> int:
	"""The number by which a queue's key sorts a priority: 9 comes first."""
	return LANES - 1 - priority


def priority(lane: int) -> int:
	"""The priority of a queue's row."""
	return LANES - 1 - lane
