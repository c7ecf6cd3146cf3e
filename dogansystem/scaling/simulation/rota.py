"""Whose turn is next among those who each do the same thing at intervals, out of step with each other.

Ten thousand idle workers look into the queue every 0.2 seconds. To have each look would be most of the simulation's
work; when something is ready, only the one who looks first matters.
"""

from bisect import bisect_left, bisect_right, insort
from typing import Generic, Protocol, TypeVar


class Numbered(Protocol):
	"""Anything with a number of its own."""

	number: int


Member = TypeVar("Member", bound=Numbered)


NOISE = 1e-9  # seconds


class Rota(Generic[Member]):
	"""Those who come by every `interval` seconds, each counting from when it joined."""

	def __init__(self, interval: float) -> None:
		self._interval = interval
		self._phases: list[tuple[float, int]] = []
		self._members: dict[int, tuple[float, Member]] = {}

	def __len__(self) -> int:
		return len(self._phases)

	def __contains__(self, member: Member) -> bool:
		return member.number in self._members

	def join(self, member: Member, now: float) -> None:
		"""Come by every interval from now on, the first time in one interval."""
		phase = now % self._interval
		insort(self._phases, (phase, member.number))
		self._members[member.number] = phase, member

	def leave(self, member: Member) -> None:
		"""Come by no more."""
		phase, _ = self._members.pop(member.number)
		del self._phases[bisect_left(self._phases, (phase, member.number))]

	def next(self, now: float) -> tuple[float, Member]:
		"""Who comes by next, and when. Not now: whoever joined at this moment comes in one interval."""
		phase = now % self._interval
		place = bisect_right(self._phases, (phase, 1 << 62))
		count = len(self._phases)
		for turn in range(place, place + count):
			ahead, number = self._phases[turn % count]
			wait = (ahead - phase) % self._interval
			if wait > NOISE:  # what is left of a remainder of floats is no time
				return now + wait, self._members[number][1]
		number = self._phases[place % count][1]
		return now + self._interval, self._members[number][1]

	def latest(self, now: float) -> tuple[float, Member]:
		"""Who came by last, and when, or has just joined."""
		phase = now % self._interval
		place = bisect_right(self._phases, (phase, 1 << 62)) - 1
		behind, number = self._phases[place]
		return now - (phase - behind) % self._interval, self._members[number][1]
