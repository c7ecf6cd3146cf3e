"""What a site can be told, and what is around it: plain data. Other rooms have it from `protocol`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Settings:
	"""Dogan Settings, read once per transaction at most. Durations are seconds.

	Attributes:
		max_agents: how many agents may be enabled at a time.
		num_workers: drainers at a time on one node.
		lease: a process that has not beaten for this long has lost its steps.
		linger: how long an idle drainer listens for the doorbell before it leaves.
		time_budget: how long a drainer works before it hands over to a fresh one.
		allow_private_network: whether `http.request` may reach private addresses.
		keep_finished_days: days after their end that finished runs are kept; 0: for ever.
		keep_failed_days: the same for those that failed or were cancelled, where it is not 0.
		database_memory: GB of the database's machine, where that is not one of the nodes; 0: not known.
		currency: what prices are in. Prices are per hour, 0 where none was entered: of a node with its workers
			(`node_price`), of one that may be taken back (`spot_node_price`), of the database (`database_price`).
	"""

	max_agents: int = 20
	num_workers: int = 10
	lease: float = 30.0
	linger: float = 10.0
	time_budget: float = 300.0
	allow_private_network: bool = False
	keep_finished_days: int = 0
	keep_failed_days: int = 0
	database_memory: float = 0.0
	currency: str = ""
	node_price: float = 0.0
	spot_node_price: float = 0.0
	database_price: float = 0.0


@dataclass(frozen=True, slots=True)
class Scheduler:
	"""Who has the tick act on a site.

	Attributes:
		expected: whether a tick has to come every minute, whether or not anything is due.
		problem: why it does not come in time, a sentence; empty: as far as the site knows it does.
		remedy: what brings it back, a sentence.
	"""

	expected: bool = False
	problem: str = ""
	remedy: str = ""


@dataclass(frozen=True, slots=True)
class Surroundings:
	"""What is around the site's database, as far as the site knows.

	Attributes:
		queue: the name of the queue that workers listen to; empty where there is no such thing.
		listening: workers on that queue that beat, by node, busy or not.
		redis: the servers by role (`queue`, `cache`), each with what its INFO says, `ping_seconds`, or `problem`.
		web_threads: requests that one node's web server answers at a time; 0: not known.
	"""

	queue: str = ""
	listening: Mapping[str, int] = field(default_factory=dict)
	redis: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
	web_threads: int = 0
