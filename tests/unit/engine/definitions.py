"""Random valid definitions, for tests that hold for all of them."""

from typing import Any

from hypothesis import strategies as st

from dogansystem.engine.definitions.triggers.checks import MISSED
from dogansystem.engine.definitions.triggers.condition import AGAIN
from dogansystem.engine.definitions.triggers.document import EVENTS

names = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)
ids = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True)
texts = st.text(
	st.characters(codec="utf-8", exclude_characters="{}", exclude_categories=["Cc", "Cs"]),
	min_size=1,
	max_size=20,
).filter(lambda text: text.strip() == text)
words = st.from_regex(r"[A-Za-z][A-Za-z @.]{0,10}[a-z]", fullmatch=True)
durations = st.one_of(
	st.integers(1, 10**6),
	st.floats(1, 10**6, allow_nan=False).map(lambda number: round(number, 3)),
	st.builds("{}{}".format, st.integers(1, 500), st.sampled_from("smhd")),
	st.builds("{}h{}m".format, st.integers(1, 99), st.integers(1, 99)),
)
expressions = st.sampled_from(
	["{{ doc.total > 5 }}", "doc.customer", "{{ input.a }}", "{{ today | add_days(3) }}", "{{ user == 'a' }}"]
)
templates = st.one_of(
	expressions.filter(lambda text: "{{" in text), st.just('Dear {{ doc.name }},\n"so" & <b>')
)
data = st.recursive(
	st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(-1e9, 1e9) | texts | templates,
	lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
	max_leaves=6,
)
params = st.dictionaries(texts, data, max_size=4)


def some(**keys: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
	"""A mapping with any of these keys."""
	return st.fixed_dictionaries({}, optional=keys)


limits = some(
	concurrent_runs=st.integers(0, 50),
	when_full=st.sampled_from(["queue", "skip", "replace"]),
	key=templates,
	run_timeout=durations,
	disable_after=st.integers(0, 1000),
)
people = st.lists(st.one_of(words, words.map(lambda role: {"role": role})), max_size=3)
formats = st.sampled_from(["user", "role", "doctype", "email", "link:Customer", "date", "time"])
parameters = st.dictionaries(
	ids,
	st.one_of(
		st.fixed_dictionaries({"title": texts, "type": st.just("number")}, optional={"default": st.integers(-9, 9)}),
		st.fixed_dictionaries({"title": texts, "type": st.just("string")}, optional={"format": formats, "description": texts}),
		st.fixed_dictionaries({"title": texts, "enum": st.just(["a", 1, None])}, optional={"default": st.sampled_from(["a", 1, None])}),
		st.fixed_dictionaries({"title": texts, "default": data}),
	),
	max_size=4,
)  # fmt: skip
schemas = st.sampled_from(
	[
		{},
		{"type": "object"},
		{"type": "object", "required": ["a"], "properties": {"a": {"enum": [1, "b", None]}}},
	]
)


def trigger(on: str, required: dict[str, Any], **optional: Any) -> st.SearchStrategy[dict[str, Any]]:
	return st.fixed_dictionaries({"on": st.just(on), **required}, optional=optional)


events = st.sampled_from(EVENTS[:-1])
missed = st.sampled_from(MISSED)
field_values = st.one_of(
	texts, st.integers(-(10**9), 10**9), st.booleans(), st.sampled_from(["", '""', '"', '"a"', "0.10"])
)
filters = st.sampled_from(
	[
		{"status": "Open"},
		{"status": ["in", ["Open", "Overdue"]], "total": [">", 5]},
		[["due_date", "<", "{{ today | add_days(3) }}"], {"owner": "{{ user }}"}],
		[["Sales Invoice", "status", "=", None]],
	]
)
triggers = st.one_of(
	trigger("document", {"doctype": words, "event": events}, **{"if": expressions}),
	trigger(
		"document",
		{"doctype": words, "event": st.just("changed"), "field": words},
		**{"if": expressions, "from": field_values, "to": field_values.map(lambda value: f"{value}x")},
	),
	trigger(
		"date",
		{"doctype": words, "field": words},
		offset=st.one_of(durations, st.builds("-{}d".format, st.integers(0, 99)), st.integers(-100, 100)),
		at=st.sampled_from(["9:00", "00:00", "23:59"]),
		filters=filters,
		missed=missed,
		**{"if": expressions},
	),
	trigger(
		"condition",
		{"doctype": words, "filters": filters},
		every=durations,
		again=st.sampled_from(AGAIN),
		existing=st.booleans(),
	),
	trigger("schedule", {"cron": st.sampled_from(["0 9 * * *", "*/5 * * * mon-fri"])}, missed=missed),
	trigger(
		"schedule", {"every": durations}, timezone=st.sampled_from(["UTC", "Europe/Istanbul"]), missed=missed
	),
	trigger("manual", {}, role=words, doctype=words),
)
retries = st.fixed_dictionaries(
	{"attempts": st.integers(1, 1000)},
	optional={
		"delay": durations,
		"backoff": st.sampled_from(["fixed", "linear", "exponential"]),
		"max_delay": durations,
		"jitter": st.booleans(),
		"on": st.lists(ids, min_size=1, max_size=3),
	},
)
details = some(
	title=texts,
	join=st.sampled_from(["all", "any"]),
	params=params,
	retry=retries,
	timeout=durations,
	on_error=st.sampled_from(["fail", "continue"]),
	priority=st.integers(0, 9),
	**{"if": st.one_of(expressions, st.booleans())},
)


@st.composite
def steps(draw: st.DrawFn) -> list[dict[str, Any]]:
	"""Steps in which each waits only for earlier ones."""
	chosen = draw(st.lists(ids, min_size=1, max_size=6, unique=True))
	made: list[dict[str, Any]] = []
	for index, name in enumerate(chosen):
		step = {"id": name, "action": draw(words), **draw(details)}
		if draw(st.booleans()):
			step["after"] = draw(st.lists(st.sampled_from(chosen[:index]), unique=True)) if index else []
		if step.get("after") or ("after" not in step and index):
			step |= draw(some(when=st.sampled_from(["succeeded", "failed", "done"])))
		if draw(st.booleans()):
			step["for_each"] = draw(st.one_of(expressions, st.lists(data, max_size=3)))
			step |= draw(some(max_parallel=st.integers(1, 100)))
		step |= draw(
			st.one_of(
				st.just({}), words.map(lambda who: {"agent": who}), words.map(lambda who: {"capability": who})
			)
		)
		made.append(step)
	return made


definitions = st.fixed_dictionaries(
	{"name": names, "run_as": words, "steps": steps()},
	optional={
		"title": texts,
		"description": texts,
		"limits": limits,
		"notify": st.one_of(people, words, words.map(lambda role: {"role": role})),
		"offer_to_assistants": st.booleans(),
		"parameters": parameters,
		"input": schemas,
		"triggers": st.lists(triggers, max_size=4),
		"output": data.filter(lambda value: value is not None),
	},
)
