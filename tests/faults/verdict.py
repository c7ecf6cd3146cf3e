"""What the checkers of histories have in common. They know nothing of the engine."""

from dataclasses import dataclass, fields


@dataclass(slots=True)
class Kinds:
	"""Lists of what is wrong, one for each kind."""

	def counts(self) -> dict[str, int]:
		"""How many of each kind there are, of those that there are."""
		found = {each.name: len(getattr(self, each.name)) for each in fields(self)}
		return {name: number for name, number in found.items() if number}
