"""A queue in front of equal servers, as a formula: how long one waits, how many servers are enough.

M/M/c is exact for Poisson arrivals and exponential service times. Everything else is the approximation of Allen and
Cunneen: the wait of M/M/c, times the mean of the squared coefficients of variation (variance over squared mean) of the
times between arrivals and of the service times. Pure arithmetic: rates are per second, times are seconds.

Sources: A. O. Allen, *Probability, Statistics, and Queueing Theory*, 2nd ed. 1990, table 5 (M/M/c) and 5.4 (the
approximation, by Allen and Cunneen); L. Kleinrock, *Queueing Systems* I, 1975, 3.5 (Erlang's formulas).
"""

import math
from dataclasses import dataclass, replace

from dogansystem.engine.errors import InputError

MAX_SERVERS = 1_000_000  # beyond it an answer would only say that the question is wrong


@dataclass(frozen=True, slots=True)
class Queue:
	"""Customers who arrive, wait in one queue, and are served by whichever of equal servers is free.

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
	def throughput(self) -> float:
		"""How many are served per second: what arrives, or what the servers can do."""
		return self.arrivals if self.offered < self.servers else self.servers / self.service

	@property
	def mean_wait(self) -> float:
		"""Seconds waited, over all who arrive; infinite when the servers do not keep up."""
		return erlang_c(self.servers, self.offered) * self._mean_of_those_who_wait()

	def wait(self, share: float) -> float:
		"""The seconds within which this share (0 to 1, 1 excluded) of all who arrive is served.

		Those who wait at all are taken to wait exponentially, which is exact for M/M/c and, in heavy traffic, the limit for
		others (Kingman 1962).
		"""
		if not 0 <= share < 1:
			raise InputError(f"share is {share}: give a number from 0 to 1, 1 excluded.")
		waits = erlang_c(self.servers, self.offered)
		if waits <= 1 - share:
			return 0.0
		return self._mean_of_those_who_wait() * math.log(waits / (1 - share))

	def _mean_of_those_who_wait(self) -> float:
		if self.offered >= self.servers:
			return math.inf
		variation = (self.arrival_variation + self.service_variation) / 2
		return variation * self.service / (self.servers - self.offered)


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
	return servers * blocked / (servers - offered * (1 - blocked))


def servers_for(queue: Queue, wait: float, share: float = 0.95) -> int:
	"""The smallest number of servers with which this share of all waits no longer than `wait` seconds.

	The number in `queue` does not matter. Raises InputError when more than `MAX_SERVERS` would be needed.
	"""
	few, many = 0, max(1, math.floor(queue.offered) + 1)
	while many <= MAX_SERVERS and replace(queue, servers=many).wait(share) > wait:
		few, many = many, min(many + max(1, (many - few) * 2), MAX_SERVERS + (many == MAX_SERVERS))
	if many > MAX_SERVERS:
		raise InputError(
			f"{queue.offered:g} Erlangs of work need more than {MAX_SERVERS:,} servers:"
			" check the rate of arrivals and the service time."
		)
	while many - few > 1:
		middle = (few + many) // 2
		if middle > queue.offered and replace(queue, servers=middle).wait(share) <= wait:
			many = middle
		else:
			few = middle
	return many
