"""Files of tests are read strictly: whatever is wrong is named with its path, and what is right is as it was written."""

import json
from datetime import datetime
from typing import Any

import pytest

from dogansystem.engine.definition import Definition
from dogansystem.engine.definitions.parse import parse
from dogansystem.engine.errors import DefinitionError
from dogansystem.proving import cases

WORKFLOW = {
	"name": "wf",
	"run_as": "a@example.com",
	"parameters": {"limit": {"type": "number", "default": 1, "title": "Limit"}},
	"triggers": [{"on": "schedule", "every": "1d"}],
	"steps": [
		{"id": "ok", "action": "flow.approve", "params": {"to": "a@example.com", "subject": "May I?"}},
		{"id": "sum", "action": "data.set", "params": {"x": 1}},
	],
}
TEST = {"name": "one", "expect": {"status": "Succeeded"}}


def read(tests: Any, **rest: Any) -> list[cases.Case]:
	def definition_of(name: str) -> Definition:
		assert name == "wf.yaml"
		return parse(WORKFLOW)

	return cases.read(
		json.dumps({"workflow": "wf.yaml", "tests": tests, **rest}), "wf.test.yaml", definition_of
	)[1]


def problems(tests: Any, **rest: Any) -> dict[str, str]:
	with pytest.raises(DefinitionError) as caught:
		read(tests, **rest)
	return {each.path: each.message for each in caught.value.problems}


def test_a_test_that_says_little_has_the_rest_by_default():
	(case,) = read([TEST])
	assert (case.name, case.now, case.start, case.documents) == ("one", datetime(2026, 1, 5, 9), {}, ())


def test_answers_of_people_and_of_servers_are_told_apart():
	answers = {
		"ok": {"decision": "approved"},
		"http GET https://example.com/rates": [{"status": 500}, {"json": 1}],
	}
	(case,) = read([{**TEST, "answers": answers}])
	assert case.answers == {"ok": ({"decision": "approved"},)}
	assert case.responses == {"GET https://example.com/rates": ({"status": 500}, {"json": 1})}


@pytest.mark.parametrize(
	("test", "path", "words"),
	[
		({"nam": "x"}, "tests[0].nam", "did you mean 'name'?"),
		({"now": "yesterday"}, "tests[0].now", "2026-01-05 09:00"),
		({"documents": [{"doctype": "ToDo"}]}, "tests[0].documents[0].name", "is missing"),
		({"documents": ["T-1"]}, "tests[0].documents[0]", "must be a document"),
		({"start": {"by": "shedule"}}, "tests[0].start.by", "did you mean 'schedule'?"),
		({"start": {"by": "date"}}, "tests[0].start.by", "has no trigger `on: date`"),
		({"start": {"webhook": {}}}, "tests[0].start.webhook", "has no trigger `on: webhook`"),
		({"start": {"by": "schedule", "input": 1}}, "tests[0].start", "in one way only"),
		({"start": {"by": "schedule", "within": "soon"}}, "tests[0].start.within", "soon"),
		({"start": {"event": "created"}}, "tests[0].start.doc", "is missing"),
		({"start": {"doc": {"doctype": "A", "name": "b"}, "event": "saved"}}, "tests[0].start.event", "no event"),
		({"answers": {"okay": {}}}, "tests[0].answers.okay", "did you mean 'ok'?"),
		({"answers": {"sum": {}}}, "tests[0].answers.sum", "asks nobody"),
		({"answers": {"ok": {"decide": "approved"}}}, "tests[0].answers.ok.decide", "there are: decision, by"),
		({"answers": {"http GET https://a": {"status": "200"}}}, "tests[0].answers.http GET https://a.status", "a whole number"),
		({"parameters": {"limits": 2}}, "tests[0].parameters.limits", "did you mean 'limit'?"),
		({"signals": [{"key": 1}]}, "tests[0].signals[0].name", "is missing"),
		({"signals": [{"name": "x", "after": "-1d"}]}, "tests[0].signals[0].after", ""),
		({"expect": {}}, "tests[0].expect", "compares nothing"),
		({"expect": {"status": "Success"}}, "tests[0].expect.status", "did you mean 'Succeeded'?"),
		({"expect": {"steps": {"summ": "Skipped"}}}, "tests[0].expect.steps.summ", "did you mean 'sum'?"),
		({"expect": {"mails": []}}, "tests[0].expect.mails", "no key of a test"),
		({"expect": "Succeeded"}, "tests[0].expect", "must be a mapping"),
	],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_place_and_a_remedy(test: dict[str, Any], path: str, words: str):
	found = problems([{**TEST, **test}])
	assert list(found) == [path]
	assert words in found[path]


@pytest.mark.parametrize("tests", [[], {}, None, "none", [[]], ["x"]])
def test_what_has_no_tests_is_refused(tests: Any):
	assert problems(tests)


def test_all_problems_of_all_tests_come_at_once():
	found = problems([{**TEST, "now": "x"}, {**TEST, "start": {"by": "x"}}, TEST], version=2)
	assert set(found) == {"version"}  # first what the file itself has
	assert set(problems([{**TEST, "now": "x"}, {**TEST, "start": {"by": "x"}}])) == {
		"tests[0].now",
		"tests[1].start.by",
	}
