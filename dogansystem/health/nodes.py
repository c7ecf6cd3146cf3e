"""The nodes: which are up, which have nothing to do, and which have stopped."""

from typing import Any

from dogansystem.health import throughput
from dogansystem.protocol import Site
from dogansystem.store import nodes
from dogansystem.store.figures import NODE, Figures
from dogansystem.store.moment import as_text
from dogansystem.store.nodes import Node
from dogansystem.store.processes import Process

UP, IDLE, LOST = "up", "idle", "lost"
CORDONING, DRAINED = "cordoned", "drained"  # its workers have not all left; they have
CORDONED = frozenset({CORDONING, DRAINED})


def every(
	site: Site, registered: list[Process], at_work: set[int], lease: float
) -> dict[str, dict[str, Any]]:
	"""Each node that was heard of within a day, with its state:

	`up` has workers that beat; the workers of an `idle` one left because there was nothing to do; a `lost` one stopped
	beating and was not heard of since. One that takes no further work is `cordoned`, and `drained` when its workers have left.
	"""
	db, now = site.database, site.now()
	known = {each.name: each for each in nodes.every(db)}
	minute = throughput.window(db, now, throughput.MINUTE, (NODE,))
	hour = throughput.window(db, now, throughput.HOUR, (NODE,))
	found = {}
	for name in sorted({*known, *(each.node for each in registered)}):
		mine = [each for each in registered if each.node == name and each.id > 0]
		alive = [each for each in mine if now - each.beat_at < lease]
		seen = max([each.beat_at for each in mine] + [known[name].seen_at if name in known else 0.0])
		found[name] = {
			"state": _state(known.get(name), bool(alive), bool(mine)),
			"alive": len(alive),
			"busy": sum(each.id in at_work for each in alive),
			"steps_last_minute": minute.get((NODE, name), Figures()).executed,
			"steps_last_hour": hour.get((NODE, name), Figures()).executed,
			"last_beat": as_text(site.local_time(seen)) if seen else None,
			"last_beat_seconds": round(max(0.0, now - seen), 3) if seen else None,
			"machine": dict(known[name].machine) if name in known else {},
		}
	return found


def _state(node: Node | None, has_alive: bool, has_silent: bool) -> str:
	if node is not None and node.draining_since:
		return CORDONING if has_alive or has_silent else DRAINED
	if has_alive:
		return UP
	return LOST if has_silent or (node is not None and node.is_lost) else IDLE
