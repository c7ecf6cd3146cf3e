"""The sentences of docs/workflow-format.md, and the tests that prove them. `docs/generate.py` writes the list: tests/CONTRACT.md.

A test names what it proves, word by word: `@pytest.mark.contract("…")`, or `contract` and `proves` of the tests that a bench
runs too. What it names may be a part of a sentence.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
FORMAT = ROOT / "docs" / "workflow-format.md"
LIST = ROOT / "tests" / "CONTRACT.md"
FEW = 3  # words that are too few to be a part of a sentence
MARKS = frozenset({"contract", "proves"})
PLACES = ("tests", "dogansystem")

# Sentences without a test: a distinctive part of each, and why it has none. What is built takes its line with it.
WITHOUT: Mapping[str, str] = {
	"This page is the contract of what has to work": "it says what the page is",
	"**`flow.approve`**": "it is the head of a table",
}

# Parts of sentences that are not carried out yet, while the rest has tests.
LATER: tuple[str, ...] = ()

_BLOCK = re.compile(r"^```\w*\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z`*({])")
_NUMBER = re.compile(r"^(?:\d+\.|-) ")


@dataclass(slots=True)
class Sentence:
	"""A sentence, a row of a table, or a line of an example that says something. `tests` prove it, or parts of it."""

	chapter: str
	text: str
	tests: dict[str, list[str]] = field(default_factory=dict)  # by what they name
	named: set[int] = field(default_factory=set)  # the places of the characters that tests name

	@property
	def unnamed(self) -> list[str]:
		"""The parts that no test names, small words apart."""
		text = "".join("\0" if place in self.named else each for place, each in enumerate(self.text))
		parts = [
			each.strip(" ,;:.|()") for each in text.split("\0") if len(re.findall(r"\w{2,}", each)) >= FEW
		]
		parts = [each for each in parts if not any(each in later for later in LATER)]
		return parts if self.tests else []

	@property
	def reason(self) -> str | None:
		"""Why it may have no test."""
		return next((why for part, why in WITHOUT.items() if part in self.text), None)


@dataclass(frozen=True, slots=True)
class Proof:
	"""What a test names."""

	test: str  # path and name
	words: str


def plain(text: str) -> str:
	"""Text on one line."""
	return " ".join(text.split())


def sentences(page: str) -> list[Sentence]:
	"""All that the format says, in its order."""
	found = []
	for chapter in re.split(r"^## ", page, flags=re.MULTILINE):
		title, _, text = chapter.partition("\n")
		found += [Sentence(title.strip("# "), each) for each in _said(text)]
	return found


def _said(text: str) -> Iterator[str]:
	position = 0
	for block in _BLOCK.finditer(text):
		yield from _prose(text[position : block.start()])
		yield from (plain(line) for line in block[1].splitlines() if _says_something(line))
		position = block.end()
	yield from _prose(text[position:])


def _says_something(line: str) -> bool:
	"""Whether a line of an example explains a key, or is a command."""
	return "  #" in line or line.startswith(("dogansystem ", "status["))


def _prose(text: str) -> Iterator[str]:
	for paragraph in re.split(r"\n\s*\n|\n(?=\d+\. |- |\|)", text):
		if paragraph.startswith("|"):
			if paragraph.strip("|-: \n") and not _is_head(paragraph, text):
				yield from _split(paragraph)
		elif paragraph.strip():
			yield from _split(_NUMBER.sub("", plain(paragraph)))


def _is_head(row: str, text: str) -> bool:
	return re.search(rf"^{re.escape(row.strip())}\n\|[-| ]+\|$", text, re.MULTILINE) is not None


def _split(text: str) -> Iterator[str]:
	yield from (each for each in map(plain, _END.split(text)) if each.strip("| "))


@cache
def proofs() -> tuple[Proof, ...]:
	"""What the tests of the repository name, in the order of their files."""
	paths = sorted(path for place in PLACES for path in (ROOT / place).rglob("*.py"))
	return tuple(proof for path in paths for proof in _of_file(path))


def _of_file(path: Path) -> Iterator[Proof]:
	text = path.read_text()
	if not any(f"{mark}(" in text for mark in MARKS):
		return
	for node in ast.walk(ast.parse(text)):
		if isinstance(node, ast.FunctionDef | ast.ClassDef):
			for words in _named(node):
				yield Proof(f"{path.relative_to(ROOT)}::{node.name}", plain(words))


def _named(node: ast.FunctionDef | ast.ClassDef) -> Iterator[str]:
	for decorator in node.decorator_list:
		if isinstance(decorator, ast.Call) and _name(decorator.func) in MARKS:
			yield from (ast.literal_eval(argument) for argument in decorator.args)


def _name(function: ast.expr) -> str:
	return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def matched(page: str, found: tuple[Proof, ...]) -> tuple[list[Sentence], list[Proof]]:
	"""The sentences with their tests, and what names none of them. Words that go over several sentences prove each."""
	every = sentences(page)
	places, whole = [], ""
	for sentence in every:
		places.append((len(whole), len(whole) + len(sentence.text)))
		whole += sentence.text + " "
	astray = []
	for proof in found:
		start = whole.find(proof.words)
		if start < 0:
			astray.append(proof)
			continue
		end = start + len(proof.words)
		for sentence, (first, last) in zip(every, places, strict=True):
			if first < end and start < last:
				sentence.tests.setdefault(proof.words, []).append(proof.test)
				sentence.named |= set(range(start - first, end - first))
	return every, astray


def listed() -> str:
	"""The page tests/CONTRACT.md."""
	every, _ = matched(FORMAT.read_text(), proofs())
	proven = sum(bool(sentence.tests) for sentence in every)
	lines = [
		"<!-- Written by docs/generate.py out of docs/workflow-format.md and the tests: change these, then run it again. -->",
		"# What the format says, and the tests that prove it",
		"",
		f"{len(every)} sentences, rows and explained keys; {proven} have a test, {len(every) - proven} wait for one.",
	]
	chapter = ""
	for sentence in every:
		if sentence.chapter != chapter:
			chapter = sentence.chapter
			lines += ["", f"## {chapter}", ""]
		lines.append(f"- {_quoted(sentence.text)}")
		lines += [
			f"  - {_test(words, each, sentence)}" for words, tests in sentence.tests.items() for each in tests
		]
		lines += [f"  - not named: {_quoted(part)}" for part in sentence.unnamed]
		if not sentence.tests:
			lines.append(f"  - **no test**: {sentence.reason or 'none has been written'}")
	return "\n".join(lines) + "\n"


def _test(words: str, test: str, sentence: Sentence) -> str:
	path, _, name = test.partition("::")
	part = "" if words in (sentence.text, sentence.text.rstrip(".")) else f" ({_quoted(words)})"
	return f"`{path}` {name}{part}"


def _quoted(text: str) -> str:
	"""Text as the list shows it: what a link or a row would mean there is taken away."""
	return re.sub(r"\]\(", "] (", text.strip("| ")).replace(" | ", " ¦ ")
