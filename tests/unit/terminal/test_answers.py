"""`run --answer`, `approvals` and `decide`: people who decide, in the sandbox. workflow-format.md, the command line."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from dogansystem.cli import main
from dogansystem.tests.contract.sentences import contract

ANN, BEN, CAM = (f"{name}@example.com" for name in ("ann", "ben", "cam"))
WAYS = [
	{
		"id": "yes",
		"after": ["ok.approved"],
		"action": "data.set",
		"params": {"by": "{{ steps.ok.output.decisions }}"},
	},
	{"id": "no", "after": ["ok.rejected", "ok.expired"], "action": "data.set"},
]


def call(*arguments: object) -> tuple[int, Any]:
	result = CliRunner().invoke(main, [*map(str, arguments), "--json"])
	if result.exception and not isinstance(result.exception, SystemExit):
		raise result.exception
	return result.exit_code, json.loads(result.stdout)


def definition(folder: Path, *steps: dict[str, Any]) -> Path:
	path = folder / "approve.json"
	path.write_text(json.dumps({"name": "approve", "steps": [*steps]}))
	return path


def approve(**params: Any) -> dict[str, Any]:
	keys = {key: params.pop(key) for key in ("for_each",) if key in params}
	return {
		"id": "ok",
		"action": "flow.approve",
		"params": {"to": [ANN, BEN], "subject": "Shall we?", **params},
		**keys,
	}


def run(path: Path, *answers: dict[str, Any], more: tuple[object, ...] = ()) -> tuple[int, dict[str, Any]]:
	given = [word for each in answers for word in ("--answer", f"ok={json.dumps(each)}")]
	return call("run", path, *given, *more)


def branch(found: dict[str, Any]) -> str:
	return next(each["branch"] for each in found["steps"] if each["id"] == "ok")


@contract("decides approvals and asks of that step")
def test_an_answer_decides(tmp_path: Path):
	code, found = run(definition(tmp_path, approve(), *WAYS), {"decision": "approved", "by": BEN})
	assert (code, found["status"], branch(found), found["refused_answers"]) == (
		0,
		"Succeeded",
		"approved",
		[],
	)
	assert found["steps"][0]["output"]["decisions"][0]["by"] == BEN
	told = [(each["to"], each["what"]) for each in found["outbox"]]
	assert told == [([ANN], "asked"), ([BEN], "asked"), ([ANN], "no longer asked")]


def test_who_is_asked_first_decides_if_nobody_is_named(tmp_path: Path):
	_, found = run(definition(tmp_path, approve(), *WAYS), {"decision": "reject", "comment": "no"})
	made = found["steps"][0]["output"]["decisions"][0]
	assert (branch(found), made["by"], made["comment"], made["through"]) == ("rejected", ANN, "no", "command")


@contract(
	"An answer that is refused (somebody who is not asked, a needed field or comment missing) is listed in `refused_answers` with its reason, and the step goes on waiting"
)
@contract(
	"A run that waits for people or signals which nobody will give: exit 4, status Waiting, and each wait named"
)
def test_answers_that_are_refused_are_listed_and_the_step_goes_on_waiting(tmp_path: Path):
	path = definition(
		tmp_path, approve(comment="required", fields=[{"name": "limit", "type": "Int", "required": True}])
	)
	answers = [
		{"decision": "approved", "by": CAM, "comment": "x", "values": {"limit": 1}},
		{"decision": "approved", "values": {"limit": 1}},
		{"decision": "approved", "comment": "x"},
		{"decision": "approved", "comment": "x", "values": {"limit": "one"}},
	]
	code, found = run(path, *answers)
	assert (code, found["status"]) == (4, "Waiting")
	reasons = [each["reason"] for each in found["refused_answers"]]
	assert [each["answer"] for each in found["refused_answers"]] == answers
	for reason, words in zip(
		reasons, (f"{CAM} is not asked", "comment", "limit", "whole number"), strict=True
	):
		assert words in reason
	(wait,) = found["waits"]
	assert (wait["step"], wait["kind"], wait["asked"], wait["subject"]) == (
		"ok",
		"decision",
		[ANN, BEN],
		"Shall we?",
	)
	code, found = run(path, *answers, {"decision": "approved", "comment": "x", "values": {"limit": 1}})
	assert (code, len(found["refused_answers"])) == (0, 4)


def test_several_answers_in_order_make_a_quorum(tmp_path: Path):
	path = definition(tmp_path, approve(needs="all"), *WAYS)
	code, found = run(path, {"decision": "approved"}, {"decision": "approved"})
	assert (code, [each["by"] for each in found["steps"][0]["output"]["decisions"]]) == (0, [ANN, BEN])
	assert run(path, {"decision": "approved"})[0] == 4


def test_one_answer_is_enough_for_every_item(tmp_path: Path):
	path = definition(tmp_path, approve(for_each="{{ [1, 2, 3] }}"))
	code, found = run(path, {"decision": "rejected"}, {"decision": "approved"})
	assert (code, [each["decision"] for each in found["steps"][0]["output"]]) == (
		0,
		["rejected", "approved", "approved"],
	)


def test_a_deadline_passes_with_skipped_waits_and_a_day_is_not_sat_through_without(tmp_path: Path):
	path = definition(tmp_path, approve(deadline="2d", remind="1d"), *WAYS)
	code, found = run(path, more=("--skip-waits",))
	assert (code, branch(found)) == (0, "expired")
	assert [each["what"] for each in found["outbox"]].count("reminded") == 2
	code, found = run(path)
	assert (code, bool(found["waits"][0]["until"])) == (4, True)


def test_the_answer_of_who_is_asked_after_the_deadline_waits_for_it(tmp_path: Path):
	more = {"deadline": "1d", "at_deadline": "escalate", "escalate_to": {"to": CAM}}
	code, found = run(
		definition(tmp_path, approve(**more), *WAYS),
		{"decision": "approved", "by": CAM},
		more=("--skip-waits",),
	)
	assert (code, branch(found), found["refused_answers"]) == (0, "approved", [])


def test_a_form_is_answered(tmp_path: Path):
	ask = {
		"id": "ok",
		"action": "flow.ask",
		"params": {"to": ANN, "subject": "Why?", "fields": [{"name": "why", "required": True}]},
	}
	code, found = run(definition(tmp_path, ask), {"by": ANN, "values": {"why": "so"}})
	assert (code, found["steps"][0]["output"]) == (0, {"by": ANN, "values": {"why": "so"}})


def test_substitutes_matrices_and_disabled_users_are_documents(tmp_path: Path):
	documents = [
		{"doctype": "User", "name": ANN, "enabled": 0},
		{"doctype": "User", "name": BEN, "enabled": 1},
		{
			"doctype": "Dogan Substitute",
			"name": "1",
			"for_user": BEN,
			"by_user": CAM,
			"from_date": "2020-01-01",
		},
		{
			"doctype": "Dogan Approval Matrix",
			"name": "M",
			"rows": [{"to_amount": 10, "user": ANN}, {"role": "Boss"}, {"user": BEN}],
		},
		{"doctype": "Quotation", "name": "Q", "grand_total": 5},
	]
	lines = tmp_path / "documents.jsonl"
	lines.write_text("\n".join(map(json.dumps, documents)))
	loaded = ("--documents", lines)
	code, found = run(definition(tmp_path, approve()), {"decision": "approved", "by": CAM}, more=loaded)
	(made,) = found["steps"][0]["output"]["decisions"]
	assert (code, made["by"], made["for"]) == (0, CAM, BEN)
	doc = tmp_path / "doc.json"
	doc.write_text(json.dumps(documents[-1]))
	code, found = run(definition(tmp_path, approve(to={"matrix": "M"})), more=(*loaded, "--doc", doc))
	assert (code, found["steps"][0]["error"].partition(":")[0]) == (1, "NobodyCanDecide")
	doc.write_text(json.dumps({**documents[-1], "grand_total": 11}))
	code, found = run(definition(tmp_path, approve(to={"matrix": "M"})), more=(*loaded, "--doc", doc))
	assert "Boss" in found["error"]


@pytest.mark.parametrize(
	("given", "words"),
	[
		("okk={}", "did you mean 'ok'?"),
		("yes={}", "asks nobody"),
		("ok", "names no step"),
		("ok=[]", "must be a mapping"),
		('ok={"who": 1}', "must be a mapping"),
	],
)
def test_an_answer_that_fits_no_step_is_refused_at_once(tmp_path: Path, given: str, words: str):
	code, found = call("run", definition(tmp_path, approve(), *WAYS), "--answer", given)
	assert code == 2
	assert words in found["error"]


@contract("what waits for whom")
@contract("dogansystem decide APPROVAL --db URL --as USER approve|reject [--comment TEXT] [--values JSON]")
def test_what_waits_for_whom_is_shown_and_decided(tmp_path: Path):
	database = tmp_path / "some.db"
	path = definition(tmp_path, approve(needs=2, fields=[{"name": "limit", "type": "Int"}]), *WAYS)
	run(path, more=("--db", database))
	code, found = call("approvals", "--db", database)
	(each,) = found["approvals"]
	assert (code, each["kind"], each["asked"], each["workflow"], each["step"]) == (
		0,
		"approve",
		[ANN, BEN],
		"approve",
		"ok",
	)
	assert call("approvals", "--db", database, "--user", CAM)[1] == {"approvals": []}
	decide = ("decide", each["approval"], "--db", database, "--as")
	assert call(*decide, CAM, "approve")[0] == 3
	code, found = call(*decide, ANN, "approve", "--comment", "yes", "--values", '{"limit": 5}')
	assert (code, found["status"], found["asked"]) == (0, "Open", [BEN])
	code, found = call(*decide, ANN, "approve")
	assert (code, "has approved already" in found["error"]) == (3, True)
	code, found = call(*decide, BEN, "reject")
	assert (code, found["status"], found["settled_by"]) == (0, "Rejected", BEN)
	assert call("approvals", "--db", database)[1] == {"approvals": []}
