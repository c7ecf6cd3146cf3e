"""What templates can use: names in reach, filters, tests, functions, methods."""

from collections.abc import Mapping

from dogansystem.engine.definitions import check_templates
from dogansystem.engine.templates.date_filters import FILTERS as DATE_FILTERS
from dogansystem.engine.templates.sandbox import ATTRIBUTES, ENVIRONMENT
from dogansystem.engine.templates.text_filters import FILTERS as TEXT_FILTERS
from generator.markdown import code, listed, sections, summary, table

OWN_FILTERS = {**DATE_FILTERS, **TEXT_FILTERS}
NAMES: Mapping[str, str] = {
	"input": "What the run was started with.",
	"trigger": "What started it: `on`, and for a document `event`, `doctype`, `name` (with `changed` also `field`, "
	"`before`, `after`), for a schedule `due`; otherwise `null`, or only `on`.",
	"doc": "The values of the document that the run is about, as they were when the run started; otherwise `null`.",
	"parameters": "The values of the workflow's parameters, as they were when the run started. In them nothing is rendered: braces are "
	"text.",
	"run": "`name`, `workflow`, `cause`, `started_by`. In a trigger's `if` and in a limit's key there is no name yet.",
	"now": "This moment in the site's timezone.",
	"today": "This day in the site's timezone.",
	"user": "The user as whom the step acts.",
	"steps": "The steps that are finished before this one, by id; each has the keys below.",
	"item": "With `for_each`: the item.",
	"index": "With `for_each`: its number, from 0.",
}
OF_STEP: Mapping[str, str] = {
	"output": "The output of the action; `null` unless the step succeeded.",
	"status": "Its state, such as `Succeeded`.",
	"error": "`null`, or a text such as `Timeout: The attempt took longer than …`.",
	"branch": "The way it ended, if its action has several; otherwise `null`.",
	"errors": "With `for_each` and `on_error: continue`: one entry for each failed item, as many as fit into 1 MB.",
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


def names() -> str:
	"""What templates can name."""
	_same(check_templates.IN_ITEM, NAMES)
	return table(
		("name", "what it is", "where"), [(code(name), text, _where(name)) for name, text in NAMES.items()]
	)


def of_step() -> str:
	"""What a finished step has."""
	_same(check_templates.OF_STEP, OF_STEP)
	return table(("key", "what it is"), [(code(f"steps.<id>.{key}"), text) for key, text in OF_STEP.items()])


def filters() -> str:
	"""The filters: the app's own with their meaning, and Jinja's."""
	return sections(
		table(
			("filter", "gives"),
			[(code(name), summary(function.__doc__)) for name, function in sorted(OWN_FILTERS.items())],
		),
		f"The others are Jinja's own: {listed(_jinja(ENVIRONMENT.filters, OWN_FILTERS))}.",
	)


def tests() -> str:
	"""The tests."""
	return f"After `is`: {listed(_jinja(ENVIRONMENT.tests, {}))}."


def functions() -> str:
	"""The functions, and what values have."""
	_same([kind.__name__ for kind in ATTRIBUTES], KINDS)
	return sections(
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
