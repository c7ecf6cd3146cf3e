"""Every text that people read can be translated, and has its Arabic, German and Turkish."""

import csv
import re
from pathlib import Path

import pytest

from tests.unit import texts

LANGUAGES = ("ar", "de", "tr")
THEIRS = (
	Path(__file__).with_name("theirs.txt").read_text(encoding="utf-8").split("\n")
)  # Frappe has them itself
_PLACE = re.compile(r"\{\w*\}")
_COMMAND = re.compile(r"<code>.*?</code>")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_has_its_translation(language):
	missing = texts.found() - texts.translated(language).keys() - set(THEIRS)
	assert sorted(missing) == [], f"add them to dogansystem/translations/{language}.csv"


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_translation_is_left_over(language):
	assert sorted(texts.translated(language).keys() - texts.found()) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_fills_in_the_same_values_and_names_the_same_code(language):
	for text, translation in texts.translated(language).items():
		assert set(_PLACE.findall(text)) == set(_PLACE.findall(translation)), text
		assert sorted(_COMMAND.findall(text)) == sorted(_COMMAND.findall(translation)), text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_text_is_translated_once_for_each_place(language):
	with (texts.FOLDER / f"{language}.csv").open(newline="", encoding="utf-8") as file:
		rows = [(row[0], row[2] if len(row) > 2 else "") for row in csv.reader(file)]
	assert len(rows) == len(set(rows))


def test_no_text_is_put_together_before_it_is_looked_up():
	"""Such a text is in no list of texts."""
	for path in texts.scripts():
		assert not re.search(r"\b__\(\s*`[^`]*\$\{", path.read_text()), path
	for path in texts.APP.rglob("*.py"):
		assert not re.search(r"(?<!\w)_\(\s*f[\"']", path.read_text()), path
