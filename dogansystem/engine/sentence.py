"""A sentence for people: in English, and with what it takes to put it into their language. Pure."""

from typing import Any


def _(text: str) -> str:
	"""Mark a text that people read; who shows it looks up its translation."""
	return text


class Sentence(str):
	"""A text with its places filled in. As a text it is English.

	Attributes:
		text: the sentence with its places, `{0}` and on, which can be looked up.
		values: what stands in them.
	"""

	__slots__ = ("text", "values")
	text: str
	values: tuple[Any, ...]

	def __new__(cls, text: str, *values: Any) -> "Sentence":
		"""Fill in the places of a text."""
		self = super().__new__(cls, text.format(*values))
		self.text, self.values = text, values
		return self

	def __getnewargs__(self) -> tuple[Any, ...]:
		"""From what a copy is made."""
		return (self.text, *self.values)
