"""What templates can use: names in reach, filters, tests, functions, methods."""

from collections.abc import Mapping

from dogansystem.engine.definitions import check_templates
from dogansystem.engine.templates.date_filters import FILTERS as DATE_FILTERS
from dogansystem.engine.templates.sandbox import ATTRIBUTES, ENVIRONMENT
from generator.markdown import code, listed, sections, summary, table

NAMES: Mapping[str, str] = {
	"input": "What the run was started with.",
	"trigger": "What started it: `on`, and for a document `event`, `doctype`, `name` (with `changed` also `field`, "
	"`before`, `after`), for a schedule `due`; else `null`, or only `on`.",
	"doc": "The values of the document the run is about, as they were when it started; else `null`.",
	"run": "`name`, `workflow`, `cause`, `started_by`. When a trigger's `if` or a limit's key is asked, there is no name yet.",
	"now": "This moment in the site's timezone.",
	"today": "This day in the site's timezone.",
	"user": "Who acts.",
	"steps": "The steps that are finished before this one, by id; each has the keys below.",
	"item": "With `for_each`: the item.",
	"index": "With `for_each`: its number, from 0.",
}
OF_STEP: Mapping[str, str] = {
	"output": "What the action gave; `null` unless the step succeeded.",
	"status": "Its state, such as `Succeeded`.",
	"error": "`null`, or a text such as `Timeout: The attempt took longer than …`.",
	"errors": "With `for_each` and `on_error: continue`: one entry for each failed item.",
}
KINDS: Mapping[str, str] = {
	"str": "a text",
	"dict": "a mapping",
	"list": "a list",
	"tuple": "a pair of `groupby`",
	"date": "a date",
	"datetime": "a moment",
	"time": "a time of day",
	"timedelta": "a span between two moments",
	"object": "`loop` in a `{% for %}`",
}


def write() -> str:
	"""The chapter about templates."""
	_same(check_templates.IN_ITEM, NAMES)
	_same(check_templates.OF_STEP, OF_STEP)
	_same([kind.__name__ for kind in ATTRIBUTES], KINDS)
	return sections(
		"## Templates",
		"Templates are [Jinja](https://jinja.palletsprojects.com/en/stable/templates/) in a sandbox. A string that is one "
		"`{{ … }}` gives the value with its type: `{{ steps.quotes.output }}` is a list. Mixed text gives text, in which "
		"`null` is nothing. `if` and `for_each` may leave the braces out. A name that does not exist is an error that "
		"names its path; `| default(…)` and `is defined` ask first. A template that takes too much time or memory is "
		"stopped with an error.",
		"### Names",
		table(
			("name", "what it is", "where"),
			[(code(name), text, _where(name)) for name, text in NAMES.items()],
		),
		"A step reads only steps that are finished before it starts: those in its `after`, those in their `after`, and so on. "
		"Each has:",
		table(("key", "what it is"), [(code(f"steps.<id>.{key}"), text) for key, text in OF_STEP.items()]),
		"### Filters",
		table(
			("filter", "gives"),
			[(code(name), summary(function.__doc__)) for name, function in sorted(DATE_FILTERS.items())],
		),
		f"The others are Jinja's own: {listed(_jinja(ENVIRONMENT.filters, DATE_FILTERS))}.",
		"### Tests",
		f"After `is`: {listed(_jinja(ENVIRONMENT.tests, {}))}.",
		"### Functions and methods",
		f"Functions: {listed(f'{name}()' for name in sorted(ENVIRONMENT.globals))}. Methods and attributes, by what they "
		"belong to:",
		table(
			("of", "what there is"),
			[(KINDS[kind.__name__], listed(sorted(names))) for kind, names in ATTRIBUTES.items()],
		),
	)


def _where(name: str) -> str:
	if name in check_templates.IN_START:
		return "everywhere"
	return "steps, and the run's output" if name in check_templates.IN_RUN else "steps with `for_each`"


def _jinja(known: Mapping[str, object], own: Mapping[str, object]) -> list[str]:
	return sorted(name for name in known if name not in own and not name.startswith("_"))


def _same(known: object, described: Mapping[str, str]) -> None:
	left = set(known) ^ set(described)  # type: ignore[call-overload]
	if left:
		raise SystemExit(f"docs/generator/templates.py: {left} is not described, or does not exist")
