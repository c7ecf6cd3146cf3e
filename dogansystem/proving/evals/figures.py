"""What the attempts of an eval come to: pass rate, cost, latency, tokens. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from math import ceil
from typing import Any


@dataclass(frozen=True, slots=True)
class Used:
	"""What requests have used: `seconds` that the models took, tokens, cost. Adds up."""

	requests: int = 0
	seconds: float = 0.0
	tokens_in: int = 0
	tokens_out: int = 0
	cost: Decimal = Decimal(0)

	def __add__(self, other: "Used") -> "Used":
		return Used(
			self.requests + other.requests,
			self.seconds + other.seconds,
			self.tokens_in + other.tokens_in,
			self.tokens_out + other.tokens_out,
			self.cost + other.cost,
		)


@dataclass(frozen=True, slots=True)
class Attempt:
	"""One case, tried once. `reasons`: why it has not passed. `judging` is what the judge has used, apart."""

	case: str
	reasons: tuple[str, ...]
	used: Used = Used()
	judging: Used = Used()
	answer: Any = None
	calls: Sequence[Mapping[str, Any]] = field(default=())

	@property
	def passed(self) -> bool:
		"""Whether all is as expected."""
		return not self.reasons

	def as_json(self) -> dict[str, Any]:
		"""For the command's `--json`."""
		return {
			"case": self.case,
			"passed": self.passed,
			"reasons": list(self.reasons),
			"answer": self.answer,
			"calls": [dict(each) for each in self.calls],
			"requests": self.used.requests,
			"seconds": round(self.used.seconds, 3),
			"tokens": {"in": self.used.tokens_in, "out": self.used.tokens_out},
			"cost": as_text(self.used.cost),
		}


def percentile(values: Sequence[float], share: float) -> float | None:
	"""The smallest value that at least this share of all do not exceed (nearest rank); None of none."""
	return sorted(values)[max(0, ceil(share * len(values)) - 1)] if values else None


def as_text(amount: Decimal) -> str:
	"""An amount as it is, without an exponent and needless zeros."""
	return f"{amount.normalize():f}"


def summary(attempts: Sequence[Attempt]) -> dict[str, Any]:
	"""`attempts`, `passed`, `pass_rate` (0 to 1; None of none), `cost` and `cost_of_judge` (exact, as text), `tokens`,
	`latency`: `p50` and `p95` of the seconds that the model took for an attempt.
	"""
	used = sum((each.used for each in attempts), Used())
	judging = sum((each.judging for each in attempts), Used())
	seconds = [each.used.seconds for each in attempts if each.used.requests]
	passed = sum(each.passed for each in attempts)
	return {
		"attempts": len(attempts),
		"passed": passed,
		"pass_rate": round(passed / len(attempts), 4) if attempts else None,
		"cost": as_text(used.cost),
		"cost_of_judge": as_text(judging.cost),
		"tokens": {"in": used.tokens_in, "out": used.tokens_out},
		"requests": used.requests,
		"latency": {"p50": _rounded(percentile(seconds, 0.5)), "p95": _rounded(percentile(seconds, 0.95))},
	}


def _rounded(value: float | None) -> float | None:
	return None if value is None else round(value, 3)


def by_case(attempts: Sequence[Attempt]) -> dict[str, list[int]]:
	"""For each case, in their order, how many attempts have passed, and of how many."""
	found: dict[str, list[int]] = {}
	for each in attempts:
		counts = found.setdefault(each.case, [0, 0])
		counts[0] += each.passed
		counts[1] += 1
	return found


def differing(one: Sequence[Attempt], other: Sequence[Attempt]) -> list[dict[str, Any]]:
	"""The cases of which more attempts have passed with one than with the other: `case`, `passed` and `of` of each."""
	first, second = by_case(one), by_case(other)
	return [
		{"case": case, "passed": [first[case][0], second[case][0]], "of": [first[case][1], second[case][1]]}
		for case in first
		# k of n beside k of m, where the budget has ended one before the other
		if case in second and first[case][0] * second[case][1] != second[case][0] * first[case][1]
	]
