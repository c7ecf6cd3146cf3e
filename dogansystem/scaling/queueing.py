"""A queue in front of equal servers, as a formula: how long one waits, how many servers are enough.

M/M/c is exact for Poisson arrivals and exponential service times. Everything else is the approximation of Allen and
Cunneen: the wait of M/M/c, times the mean of the squared coefficients of variation (variance over squared mean) of the
times between arrivals and of the service times. Pure arithmetic: rates are per second, times are seconds.

Sources: A. O. Allen, *Probability, Statistics, and Queueing Theory*, 2nd ed. 1990, table 5 (M/M/c) and 5.4 (the
approximation, by Allen and Cunneen); L. Kleinrock, *Queueing Systems* I, 1975, 3.5 (Erlang's formulas).
"""

import math
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Queue:
	"""Customers who arrive, wait in one queue, and are served by whichever of equal servers is free.

	Attributes:
		arrivals: how many come per second, on average, at random moments (Poisson).
		service: seconds that one is served, on average.
		servers: how many there are.
		service_variation: squared coefficient of variation of the service times. 1: exponential, 0: all alike.
	"""

	arrivals: float
	service: float
	servers: int
	service_variation: float = 1.0

	@property
	def offered(self) -> float:
		"""The work that arrives, in Erlangs: how many servers it would keep busy if nobody had to wait."""
		return self.arrivals * self.service

	@property
	def throughput(self) -> float:
		"""How many are served per second: what arrives, or what the servers can do."""
		return self.arrivals if self.offered < self.servers else self.servers / self.service

	def wait(self, share: float) -> float:
		"""The seconds within which this share (0 to 1, 1 excluded) of all who arrive is served; infinite when the servers do
		not keep up.

		Those who wait at all are taken to wait exponentially, which is exact for M/M/c and, in heavy traffic, the limit for
		others (Kingman 1962).
		"""
		waits = erlang_c(self.servers, self.offered)
		if waits <= 1 - share:
			return 0.0
		if self.offered >= self.servers:
			return math.inf
		mean = (1 + self.service_variation) / 2 * self.service / (self.servers - self.offered)
		return mean * math.log(waits / (1 - share))


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

	The number in `queue` does not matter.
	"""
	few = math.floor(queue.offered)  # which do not keep up
	many = few + 1
	while replace(queue, servers=many).wait(share) > wait:
		few, many = many, many + 2 * (many - few)
	while many - few > 1:
		middle = (few + many) // 2
		if replace(queue, servers=middle).wait(share) > wait:
			few = middle
		else:
			many = middle
	return many
