"""The engine's sentences in the language that is spoken now."""

from collections.abc import Mapping, Sequence

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


def translated_problems(problems: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
	"""What is wrong with a site's machinery, as `Orchestrator.get_problems` gives it, in the language that is spoken now."""
	return [{key: translated(text) for key, text in each.items()} for each in problems]
