"""What is wrong with a site, as it is told."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
	"""Something that is wrong: its `code` for programs, and for people what is so and what to do."""

	code: str
	sentence: str
	remedy: str
