"""Templates by chance: each gives data that JSON has a form for, or ends in a TemplateError that names its place."""

from datetime import date, datetime
from random import Random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dogansystem.engine.errors import OutputNotJSON, OutputTooLarge, TemplateError
from dogansystem.engine.outputs import encode
from dogansystem.engine.templates.render import render, step_references, truthy
from tests.conftest import Tell
from tests.scale import of
from tests.unit.fuzz.mutator import changed_text
from tests.unit.fuzz.play import play
from tests.unit.fuzz.templates import WORDS, template
from tests.unit.security.test_templates import BOMBS, ESCAPES, HARMLESS

CONTEXT: dict[str, Any] = {
	"doc": {"name": "Q-1", "items": [{"qty": 1, "a": None}], "total": 12.5, "a": "é", "keys": "own"},
	"input": {"a": [1, 2, 3], "text": "x" * 100},
	"steps": {"a": {"output": [1, {"a": 2}], "status": "Succeeded", "error": None}},
	"trigger": None,
	"item": {"name": "i"},
	"index": 0,
	"run": {"name": "RUN-1"},
	"today": date(2025, 3, 1),
	"now": datetime(2025, 3, 1, 9),
	"user": "sales@example.com",
}
BEFORE = repr(CONTEXT)


def ends(text: str) -> str:
	"""How a template ends: with a value, or refused."""
	try:
		step_references({"x": text})
	except TemplateError:
		pass
	try:
		truthy(text, CONTEXT)
	except TemplateError:
		pass
	try:
		value = render({"x": text}, CONTEXT, "params")
	except TemplateError as error:
		assert str(error).startswith("params.x: ")
		return "refused"
	finally:
		assert repr(CONTEXT) == BEFORE, "the context was changed"
	try:
		encode(value, "The output")
	except (OutputNotJSON, OutputTooLarge):
		return "not_kept"
	return "rendered"


def test_a_template_of_random_words_gives_data_or_is_refused(tell: Tell) -> None:
	counted = play(500, 25_000, template, ends)
	assert min(counted["rendered"], counted["refused"]) > 50
	tell("fuzz: templates", inputs=counted.total(), **counted)


def test_a_changed_attack_gives_data_or_is_refused(tell: Tell) -> None:
	corpus = [text for text in (*ESCAPES.values(), *BOMBS.values(), *HARMLESS) if len(text) < 500]

	def make(chance: Random) -> str:
		return changed_text(chance, corpus, WORDS)

	counted = play(200, 10_000, make, ends)
	tell("fuzz: templates of changed attacks", inputs=counted.total(), **counted)


@settings(max_examples=of(100, 5_000), deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)  # fmt: skip
@given(st.text(max_size=60), st.lists(st.sampled_from(WORDS), max_size=12))
def test_any_text_gives_data_or_is_refused(text: str, words: list[str]) -> None:
	ends(text)
	ends("{{ " + text + " }}")
	ends(" ".join(words))
	ends("{{" + " ".join(words) + "}}")
