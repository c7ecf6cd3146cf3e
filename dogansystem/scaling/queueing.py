"""A queue in front of equal servers, as a formula: how busy they are, how long one waits, how many are enough.

M/M/c is exact for Poisson arrivals and exponential service times. Everything else is the approximation of Allen and
Cunneen: the wait of M/M/c, times the mean of the squared coefficients of variation (variance over squared mean) of the
times between arrivals and of the service times. Pure arithmetic: rates are per second, times are seconds.

Sources: A. O. Allen, *Probability, Statistics, and Queueing Theory*, 2nd ed. 1990, table 5 (M/M/c) and 5.4 (the
approximation, by Allen and Cunneen); L. Kleinrock, *Queueing Systems* I, 1975, 3.5 (Erlang's formulas).
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from dogansystem.engine.errors import InputError

MAX_SERVERS = 1_000_000  # beyond it an answer would only say that the question is wrong
PRECISION = 1e-9  # relative, of a rate that is searched for


@dataclass(frozen=True, slots=True)
class Queue:
	"""Customers who arrive, wait in one line, and are served by whichever of equal servers is free.

	Attributes:
		arrivals: how many come per second, on average.
		service: seconds that one is served, on average.
		servers: how many there are.
		arrival_variation: squared coefficient of variation of the times between arrivals. 1: Poisson, 0: on the clock.
		service_variation: that of the service times. 1: exponential, 0: all alike.

	Raises InputError for numbers that mean nothing.
	"""

	arrivals: float
	service: float
	servers: int
	arrival_variation: float = 1.0
	service_variation: float = 1.0

	def __post_init__(self) -> None:
		for name in ("arrivals", "service", "arrival_variation", "service_variation"):
			value = getattr(self, name)
			if not (math.isfinite(value) and value >= 0):
				raise InputError(f"{name} is {value}: give a number from 0 up.")
		if not 1 <= self.servers <= MAX_SERVERS:
			raise InputError(f"servers is {self.servers}: give a number from 1 to {MAX_SERVERS:,}.")

	@property
	def offered(self) -> float:
		"""The work that arrives, in Erlangs: how many servers it would keep busy if nobody had to wait."""
		return self.arrivals * self.service

	@property
	def utilisation(self) -> float:
		"""The share of its time that a server is busy. From 1 on the line only grows."""
		return self.offered / self.servers

	@property
	def is_stable(self) -> bool:
		"""Whether the servers keep up with what arrives."""
		return self.offered < self.servers

	@property
	def throughput(self) -> float:
		"""How many are served per second: what arrives, or what the servers can do."""
		return self.arrivals if self.is_stable else self.servers / self.service

	@property
	def chance_of_waiting(self) -> float:
		"""The probability that one who arrives finds all servers busy: Erlang's C formula."""
		return erlang_c(self.servers, self.offered)

	@property
	def mean_wait(self) -> float:
		"""Seconds in line, over all who arrive; infinite when the servers do not keep up."""
		return self.chance_of_waiting * self._mean_of_those_who_wait()

	@property
	def mean_in_line(self) -> float:
		"""How many stand in line, on average: Little's law."""
		return self.arrivals * self.mean_wait if self.is_stable else math.inf

	def wait(self, share: float) -> float:
		"""The seconds within which this share (0 to 1, 1 excluded) of all who arrive is served.

		Those who wait at all are taken to wait exponentially, which is exact for M/M/c and, in heavy traffic, the limit for
		others (Kingman 1962).
		"""
		if not 0 <= share < 1:
			raise InputError(f"share is {share}: give a number from 0 to 1, 1 excluded.")
		waits = self.chance_of_waiting
		if waits <= 1 - share:
			return 0.0
		return self._mean_of_those_who_wait() * math.log(waits / (1 - share))

	def chance_of_more_than(self, seconds: float) -> float:
		"""The probability of a wait that is longer than this."""
		return _tail(self.chance_of_waiting, self._mean_of_those_who_wait(), seconds)

	def _mean_of_those_who_wait(self) -> float:
		return _mean_of_those_who_wait(self, self.servers)


def erlang_c(servers: int, offered: float) -> float:
	"""The probability that all of the servers are busy, for work in Erlangs; 1 when they do not keep up.

	From Erlang's B formula by B(c) = a B(c - 1) / (c + a B(c - 1)), in which nothing can overflow: no factorials and no
	powers. 100,000 servers take some hundredths of a second.
	"""
	if offered >= servers:
		return 1.0
	blocked = 1.0
	for number in range(1, servers + 1):
		blocked = offered * blocked / (number + offered * blocked)
	return _waits(blocked, servers, offered)


def servers_for(queue: Queue, wait: float, share: float = 0.95) -> int:
	"""The smallest number of servers with which this share of all waits no longer than `wait` seconds.

	The number in `queue` does not matter. Raises InputError when more than `MAX_SERVERS` would be needed.
	"""
	if not wait >= 0:
		raise InputError(f"wait is {wait}: give seconds from 0 up.")
	if not 0 <= share < 1:
		raise InputError(f"share is {share}: give a number from 0 to 1, 1 excluded.")
	for servers, waits in _chances(queue.offered):
		if _tail(waits, _mean_of_those_who_wait(queue, servers), wait) <= 1 - share:
			return servers
	raise InputError(
		f"{queue.offered:g} Erlangs of work need more than {MAX_SERVERS:,} servers:"
		" check the rate of arrivals and the service time."
	)


def arrivals_for(queue: Queue, wait: float, share: float = 0.95) -> float:
	"""The highest rate of arrivals, per second, at which this share of all waits no longer than `wait` seconds.

	The capacity of the servers in `queue`; its own rate does not matter. Infinite when service takes no time.
	"""
	if not queue.service:
		return math.inf
	low, high = 0.0, queue.servers / queue.service
	while high - low > PRECISION * high:
		middle = (low + high) / 2
		if replace(queue, arrivals=middle).wait(share) <= wait:
			low = middle
		else:
			high = middle
	return low


def _chances(offered: float) -> Iterator[tuple[int, float]]:
	"""The numbers of servers that keep up with the work, and for each the probability of waiting."""
	blocked = 1.0
	for servers in range(1, MAX_SERVERS + 1):
		blocked = offered * blocked / (servers + offered * blocked)
		if servers > offered:
			yield servers, _waits(blocked, servers, offered)


def _waits(blocked: float, servers: int, offered: float) -> float:
	"""Erlang's C out of his B."""
	return servers * blocked / (servers - offered * (1 - blocked))


def _mean_of_those_who_wait(queue: Queue, servers: int) -> float:
	if queue.offered >= servers:
		return math.inf
	return (queue.arrival_variation + queue.service_variation) / 2 * queue.service / (servers - queue.offered)


def _tail(waits: float, mean: float, seconds: float) -> float:
	"""The probability of waiting longer than some seconds: of waiting at all, and then exponentially with this mean."""
	if not mean:
		return 0.0
	return waits if math.isinf(mean) else waits * math.exp(-max(0.0, seconds) / mean)
