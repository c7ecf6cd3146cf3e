"""The engine's sentences in the language that is spoken now."""

from frappe import _

from dogansystem.engine.sentence import Sentence


def translated(said: str | Exception) -> str:
	"""A text, or what an error says, in the language that is spoken now as far as it can be put into it; else in English."""
	text = said.args[0] if isinstance(said, Exception) and said.args else said
	if not isinstance(text, Sentence):
		return str(said)
	return str(_(text.text)).format(
		*(translated(each) if isinstance(each, Sentence) else each for each in text.values)
	)
