"""A run that is saved as a test passes at once, and fails when its workflow is changed."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from dogansystem.cli import main
from dogansystem.terminal import playing

DEFINITION = """\
name: late-order
run_as: sales@example.com
parameters: {limit: {type: number, title: Limit, default: 100}}
steps:
  - {id: rates, action: http.request, params: {url: 'https://example.com/rates'}}
  - id: big
    action: flow.choose
    params: {cases: [{name: big, if: '{{ doc.grand_total > parameters.limit }}'}]}
  - {id: ok, after: [big.big], action: flow.approve, params: {to: boss@example.com, subject: 'May {{ doc.name }} go?'}}
  - {id: todo, after: [ok.approved], action: document.create, params: {doctype: ToDo, values: {description: 'Call {{ doc.customer }}', date: '{{ today | add_days(3) }}'}}}
  - {id: rest, action: flow.wait, params: {for: 2d}}
  - {id: mark, action: document.update, params: {doctype: Sales Order, name: '{{ doc.name }}', values: {status: Late, task: '{{ steps.todo.output.name }}'}}}
  - {id: mail, action: email.send, params: {to: [a@example.com, b@example.com], subject: 'Late: {{ doc.name }}', message: 'See {{ steps.todo.output.name }}, said at {{ now }} in run {{ run.name }}'}}
output: {sent: '{{ steps.mail.output.recipients | length }}', task: '{{ steps.todo.output.name }}', at: '{{ now }}'}
"""
ORDER = {"doctype": "Sales Order", "name": "SO-1", "customer": "Acme", "grand_total": 500, "status": "Open"}
PLANTED = [
	("Call {{ doc.customer }}", "Phone {{ doc.customer }}"),
	("add_days(3)", "add_days(4)"),
	("status: Late", "status: Closed"),
	("[a@example.com, b@example.com]", "[a@example.com]"),
	("'Late: {{ doc.name }}'", "'Now late: {{ doc.name }}'"),
	("See {{ steps", "Look at {{ steps"),
	("grand_total > parameters.limit", "grand_total < parameters.limit"),
	("after: [ok.approved]", "after: [ok.rejected]"),
	("https://example.com/rates'", "https://example.com/other'"),
	("doctype: ToDo, values", "doctype: Task, values"),
	("sent: '{{ steps.mail.output.recipients | length }}'", "sent: 7"),
	("task: '{{ steps.todo.output.name }}', at", "task: null, at"),
]  # fmt: skip


@pytest.fixture(params=["--dry-run", "--skip-waits"])
def saved(request, tmp_path: Path) -> Path:
	"""A test that was saved from a run, dry or real."""
	(tmp_path / "late.yaml").write_text(DEFINITION)
	(tmp_path / "order.json").write_text(json.dumps(ORDER))
	words = ["run", tmp_path / "late.yaml", "--doc", tmp_path / "order.json", request.param]
	words += [
		"--answer",
		'ok={"decision": "approved", "comment": "go"}',
		"--save-test",
		tmp_path / "late.test.yaml",
	]
	if request.param == "--skip-waits":  # no server answers a real run here
		lines = DEFINITION.splitlines(keepends=True)
		(tmp_path / "late.yaml").write_text("".join(each for each in lines if "rates" not in each))
	done = CliRunner().invoke(main, [*map(str, words), "--json"])
	assert done.exit_code == 0, done.output
	assert json.loads(done.stdout)["saved_test"]["differences"] == []
	return tmp_path / "late.test.yaml"


def differences(path: Path):
	definition, cases = playing.read(path)
	return playing.play(path, definition, cases[0]).differs


@pytest.mark.contract("a run, real or dry, can be saved as one")
def test_it_passes_at_once_and_again(saved):
	assert differences(saved) == []


def test_names_times_and_ids_that_change_are_loosened(saved):
	text = saved.read_text()
	assert "See *, said at * in run *" in text
	assert "SO-1" in text and "Call Acme" in text and "comment: go" in text


def test_it_fails_for_each_planted_change(saved):
	path = saved.with_name("late.yaml")
	source = path.read_text()
	survived = []
	for old, new in PLANTED:
		if old not in source:
			assert "rates" in old
			continue
		path.write_text(source.replace(old, new))
		if not differences(saved):
			survived.append(old)
	assert survived == []


def test_a_file_that_is_there_is_not_written_over(saved):
	words = ["run", str(saved.with_name("late.yaml")), "--dry-run", "--save-test", str(saved)]
	done = CliRunner().invoke(main, words)
	assert done.exit_code == 3 or done.exit_code == 2
	assert "is there already" in done.output


def test_a_file_of_another_kind_is_refused(tmp_path):
	(tmp_path / "late.yaml").write_text(DEFINITION)
	done = CliRunner().invoke(
		main, ["run", str(tmp_path / "late.yaml"), "--save-test", str(tmp_path / "x.yaml")]
	)
	assert "is named *.test.yaml" in done.output
