"""`dogansystem test` as people use it: what passes, what fails and how it is said, and what no test reaches."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from dogansystem.cli import main

MAIL = """
name: follow-up
run_as: a@example.com
parameters: {subject: {type: string, default: "About {{ doc.name }}", title: Subject}}
triggers:
- {on: document, doctype: Quotation, event: submitted, if: "{{ doc.grand_total > 100 }}"}
- {on: schedule, every: 1d}
- {on: webhook, credential: hooks, headers: [X-Id]}
- {on: signal, name: asked}
steps:
- {id: wait, action: flow.wait, params: {for: 2d}}
- id: ok
  action: flow.approve
  params: {to: boss@example.com, subject: "May I write?"}
- id: rates
  action: http.request
  params: {url: "https://example.com/rates", credential: rates}
  after: [ok.approved]
- {id: mail, action: email.send, params: {to: c@example.com, subject: "Rate {{ steps.rates.output.body.EUR }}", message: Hello}}
- {id: note, action: document.create, params: {doctype: ToDo, values: {description: Refused}}, after: [ok.rejected]}
output: {trigger: "{{ trigger.on }}"}
"""
CASE = """
workflow: follow-up.yaml
tests:
- name: it is approved and mailed
  now: 2026-01-05 09:00
  start: {doc: {doctype: Quotation, name: Q-1, grand_total: 200}, event: submitted}
  answers:
    ok: {decision: approved, by: boss@example.com}
    "http GET https://example.com/rates": {status: 200, json: {EUR: 1.1}}
  expect:
    status: Succeeded
    steps: {mail: Succeeded, note: Skipped}
    outbox: [{to: c@example.com, subject: "Rate 1.1"}]
    documents: []
    error: null
"""


def write(folder: Path, case: str, workflow: str = MAIL) -> Path:
	(folder / "follow-up.yaml").write_text(workflow)
	path = folder / "follow-up.test.yaml"
	path.write_text(case)
	return path


def run(*words: Any) -> tuple[int, dict[str, Any]]:
	result = CliRunner().invoke(main, ["test", *map(str, words), "--json"])
	return result.exit_code, json.loads(result.stdout)


def said(*words: Any) -> str:
	return CliRunner().invoke(main, ["test", *map(str, words)]).output


def started_by(start: str, expect: str = "{status: Succeeded}") -> str:
	given = CASE[: CASE.index("  start:")] + f"  start: {start}\n" + CASE[CASE.index("  answers:") :]
	return given[: given.index("  expect:")] + f"  expect: {expect}\n"


@pytest.mark.contract(
	"a file `*.test.yaml` beside a definition",
	"dogansystem test [PATH…] [--cover]",
	"the test's clock; waits jump it",
	"in the order they are asked; outside calls and people",
	"what is not named is not compared",
)
def test_a_test_plays_waits_people_and_servers(tmp_path: Path):
	path = write(tmp_path, CASE)
	code, found = run(path)
	assert (code, found["passed"], found["failed"]) == (0, 1, 0), found
	(test,) = found["tests"]
	steps = {each["id"]: each for each in test["run"]["steps"]}
	assert steps["mail"]["finished_at"].startswith("2026-01-07")  # two days after the test's now
	assert "1 passed" in said(path)


@pytest.mark.contract("prints each test and, for a failure, what was expected beside what was")
def test_a_failure_says_what_was_expected_beside_what_was(tmp_path: Path):
	path = write(tmp_path, CASE.replace("Rate 1.1", "Rate 2").replace("note: Skipped", "note: Succeeded"))
	code, found = run(path)
	assert code == 1
	assert [each["place"] for each in found["tests"][0]["differences"]] == ["steps.note", "outbox[0]"]
	output = said(path)
	assert "FAIL  it is approved and mailed" in output
	assert "expected: Succeeded" in output and "found:    Skipped" in output
	assert (
		'expected: {"to": "c@example.com", "subject": "Rate 2"}' in output
		and '"subject": "Rate 1.1"' in output
	)
	assert "0 passed, 1 failed" in output


@pytest.mark.contract("A request that no answer is given for fails the test with the line to add")
def test_a_request_without_an_answer_fails_with_the_line_to_add(tmp_path: Path):
	answer = '    "http GET https://example.com/rates": {status: 200, json: {EUR: 1.1}}\n'
	path = write(tmp_path, CASE.replace(answer, ""))
	assert run(path)[0] == 1
	assert '"http GET https://example.com/rates": {status: 200, json: {}}' in said(path)


def test_an_answer_that_is_refused_fails_the_test(tmp_path: Path):
	path = write(tmp_path, CASE.replace("by: boss@example.com", "by: other@example.com"))
	code, found = run(path)
	assert code == 1
	assert "answers.ok" in [each["place"] for each in found["tests"][0]["differences"]]


@pytest.mark.contract(
	"start: {by: schedule} # or {doc: {…}, event: submitted} | {input: …} | {webhook: …} | {signal: …}"
)
@pytest.mark.parametrize(
	("start", "trigger"),
	[
		("{by: schedule}", "schedule"),
		("{webhook: {body: {id: 1}, headers: {X-Id: 7}}}", "webhook"),
		("{webhook: {id: 1}}", "webhook"),  # a body alone
		("{signal: {name: asked}}", "signal"),
		("{signal: asked}", "signal"),
		("{doc: {doctype: Quotation, name: Q-1, grand_total: 200}, event: submitted}", "document"),
	],
)
def test_each_way_to_start_starts_by_its_trigger(tmp_path: Path, start: str, trigger: str):
	code, found = run(
		write(tmp_path, started_by(start, f"{{status: Succeeded, output: {{trigger: {trigger}}}}}"))
	)
	assert code == 0, found["tests"][0]["differences"]


def test_a_run_by_hand_has_its_input_and_its_document(tmp_path: Path):
	workflow = "name: follow-up\nsteps:\n- {id: a, action: data.set, params: {x: '{{ input.n }}', of: '{{ doc.total }}'}}\noutput: {x: '{{ steps.a.output.x }}', of: '{{ steps.a.output.of }}'}\n"
	start = "{input: {n: 5}, doc: {doctype: Quotation, name: Q-1, total: 7}}"
	case = f"workflow: follow-up.yaml\ntests:\n- name: one\n  start: {start}\n  expect: {{output: {{x: 5, of: 7}}}}\n"
	code, found = run(write(tmp_path, case, workflow))
	assert code == 0, found["tests"][0]["differences"]


def test_that_nothing_starts_can_be_expected(tmp_path: Path):
	start = "{doc: {doctype: Quotation, name: Q-1, grand_total: 20}, event: submitted}"
	path = write(tmp_path, started_by(start, "{status: null, outbox: []}"))
	assert run(path)[0] == 0
	write(tmp_path, started_by(start.replace("20}", "200}"), "{status: null}"))
	assert run(path)[0] == 1


def test_what_cannot_happen_to_a_document_is_said(tmp_path: Path):
	path = write(tmp_path, started_by("{doc: {doctype: Quotation, name: Q-9}, event: cancelled}"))
	code, found = run(path)
	assert code == 1
	assert "Put it into the test's `documents`" in found["tests"][0]["differences"][0]["found"]


@pytest.mark.contract("`--cover` names the steps and branches that no test reached")
def test_cover_names_what_no_test_has_reached(tmp_path: Path):
	path = write(tmp_path, CASE)
	_, found = run(path, "--cover")
	assert found["not_reached"] == {"follow-up": ["ok.rejected", "ok.expired", "note"]}
	assert "follow-up: no test reaches ok.rejected, ok.expired, note" in said(path, "--cover")
	more = (
		CASE[CASE.index("- name:") : CASE.index("  expect:")]
		.replace("approved, ", "rejected, ")
		.replace("it is", "not")
	)
	path.write_text(CASE + more + "  expect: {documents: [{doctype: ToDo, description: Refused}]}\n")
	code, found = run(path, "--cover")
	assert (code, found["not_reached"]) == (0, {"follow-up": ["ok.expired"]}), found["tests"][1][
		"differences"
	]


def test_other_workflows_of_the_folder_are_there_to_be_run(tmp_path: Path):
	(tmp_path / "below.yaml").write_text(
		"name: below\nsteps: [{id: a, action: data.set, params: {x: 1}}]\noutput: {x: 3}\n"
	)
	workflow = "name: follow-up\nsteps: [{id: b, action: flow.run, params: {workflow: below}}]\noutput: {x: '{{ steps.b.output.x }}'}\n"
	case = "workflow: follow-up.yaml\ntests:\n- {name: one, expect: {status: Succeeded, output: {x: 3}}}\n"
	code, found = run(write(tmp_path, case, workflow))
	assert code == 0, found["tests"][0]["differences"]


def test_a_chat_needs_no_secret(tmp_path: Path):
	workflow = "name: follow-up\nsteps: [{id: b, action: notify.chat, params: {service: slack, credential: sales, message: Hi}}]\n"
	case = "workflow: follow-up.yaml\ntests:\n- {name: one, expect: {status: Succeeded}}\n"
	code, found = run(write(tmp_path, case, workflow))
	assert code == 0, found["tests"][0]["differences"]


def test_a_folder_means_all_tests_below_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
	for name in ("a", "b/c", ".hidden", "node_modules"):
		(tmp_path / name).mkdir(parents=True)
		write(tmp_path / name, CASE)
	assert run(tmp_path)[1]["passed"] == 2
	assert run(tmp_path / "a" / "follow-up.yaml")[1]["passed"] == 1  # its tests stand beside it
	monkeypatch.chdir(tmp_path)
	assert run()[1]["passed"] == 2


@pytest.mark.parametrize(
	("case", "words"),
	[
		("workflow: follow-up.yaml\ntests: []\n", "has no test"),
		(CASE.replace("answers:", "answer:"), "did you mean 'answers'?"),
		(CASE.replace("follow-up.yaml", "other.yaml"), "other.yaml"),
		("tests: [", "follow-up.test.yaml"),
		("", "must be a mapping"),
	],
)
def test_what_cannot_be_read_is_exit_code_2(tmp_path: Path, case: str, words: str):
	result = CliRunner().invoke(main, ["test", str(write(tmp_path, case))])
	assert result.exit_code == 2
	assert words in result.output
	assert "Traceback" not in result.output


def test_a_folder_without_tests_is_exit_code_2(tmp_path: Path):
	code, found = run(tmp_path)
	assert code == 2
	assert "has no tests" in json.dumps(found)


@pytest.mark.contract(
	"Also as pytest fixtures (`dogansystem.testing`: `sandbox`, `clock`, `http`, `outbox`, `run_workflow`)"
)
def test_the_fixtures_of_pytest(tmp_path: Path):
	write(tmp_path, CASE)
	(tmp_path / "conftest.py").write_text('pytest_plugins = ["dogansystem.testing"]\n')
	(tmp_path / "test_it.py").write_text(
		"""
START = {"doc": {"doctype": "Quotation", "name": "Q-1", "grand_total": 200}, "event": "submitted"}

def test_it_is_mailed(run_workflow, http, outbox, clock, sandbox):
	http.answer("GET https://example.com/rates", json={"EUR": 2})
	began = clock.now()
	run = run_workflow("follow-up.yaml", start=START, answers={"ok": {"decision": "approved"}})
	assert run["status"] == "Succeeded"
	assert [each["subject"] for each in outbox()] == ["May I write?", "Rate 2"]
	assert http.asked == [{"request": "GET https://example.com/rates", "json": None}]
	assert clock.now() - began == 2 * 86400
	assert sandbox.documents.get("Quotation", "Q-1")["grand_total"] == 200

def test_nobody_answers(run_workflow):
	run_workflow("follow-up.yaml", start=START, answers={"ok": {"decision": "approved"}})

def test_nothing_starts(run_workflow, clock):
	clock.set("2026-02-01 10:00")
	clock.advance("1h")
	less = {**START["doc"], "grand_total": 1}
	assert run_workflow("follow-up.yaml", start={**START, "doc": less}) is None
"""
	)
	words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
	environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
	found = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, env=environment)
	assert "2 passed" in found.stdout and "1 failed" in found.stdout, found.stdout
	assert "No answer for GET https://example.com/rates" in found.stdout
