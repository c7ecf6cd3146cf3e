"""`dogansystem export --all` and `dogansystem import`: workflows as files, with a plan of what would change first."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from dogansystem import Orchestrator, Sandbox
from dogansystem.cli import main

A: dict[str, Any] = {"name": "a", "steps": [{"id": "one", "action": "data.set", "params": {"x": "yes\n on"}}]}
B: dict[str, Any] = {
	"name": "b",
	"title": 'Ask: "above" a limit # yes',
	"parameters": {"limit": {"type": "number", "title": "Limit"}},
	"steps": [
		{"id": "wait", "action": "flow.wait", "params": {"for": "1h"}},
		{"id": "then", "action": "data.set"},
	],
}


@pytest.fixture
def database(tmp_path: Path) -> str:
	"""A sandbox with `a`, which is enabled, and `b`, which is not."""
	address = str(tmp_path / "kept.db")
	with Sandbox(address) as site:
		orchestrator = Orchestrator(site)
		orchestrator.import_workflow(A)
		orchestrator.import_workflow(B, enabled=False, parameters={"limit": 5})
		site.database.commit()
	return address


@pytest.fixture
def folder(tmp_path: Path, database: str) -> Path:
	"""What was exported of it."""
	assert call("export", "--all", tmp_path / "flows", "--db", database).exit_code == 0
	return tmp_path / "flows"


def call(*words: object) -> Result:
	return CliRunner().invoke(main, [str(word) for word in words])


def imported(*words: object, code: int = 0) -> Any:
	"""What `import` prints as JSON."""
	done = call("import", *words, "--json")
	assert done.exit_code == code, done.output
	return json.loads(done.stdout)


def kinds(*words: object) -> dict[str, str]:
	"""What becomes of each workflow."""
	return {each["workflow"]: each["change"] for each in imported(*words)["changes"]}


def change(path: Path, **values: Any) -> None:
	"""Write a definition anew, with other values."""
	path.write_text(json.dumps({**(A if path.stem == "a" else B), **values}))


def kept(database: str) -> dict[str, tuple[Any, ...]]:
	"""Everything that is kept of each workflow."""
	with Sandbox(database) as site:
		rows = site.database.sql(
			"SELECT name, enabled, current_version, parameter_values, modified FROM `tabDogan Workflow`"
		)
		return {row[0]: tuple(row[1:]) for row in rows}


def enabled(database: str) -> set[str]:
	return {name for name, row in kept(database).items() if row[0]}


@pytest.mark.contract("`export --all DIR` and `import DIR")
@pytest.mark.contract("workflows as code")
def test_all_workflows_go_from_one_sandbox_to_another(folder: Path, tmp_path: Path):
	other = tmp_path / "other.db"
	assert sorted(path.name for path in folder.iterdir()) == ["a.yaml", "b.yaml"]

	assert kinds(folder, "--db", other) == {"a": "new", "b": "new"}

	with Sandbox(other) as site:
		found = [Orchestrator(site).export_workflow(name) for name in ("a", "b")]
	assert found == [A, B]
	assert enabled(str(other)) == set()
	assert kinds(folder, "--db", other, "--enable", "--dry-run") == {"a": "unchanged", "b": "unchanged"}


def test_the_same_twice_changes_nothing(folder: Path, database: str):
	before, written = kept(database), {path: path.stat().st_mtime_ns for path in folder.iterdir()}

	assert kinds(folder, "--db", database) == {"a": "unchanged", "b": "unchanged"}
	assert json.loads(call("export", "--all", folder, "--db", database, "--json").stdout) == {"written": []}

	assert kept(database) == before
	assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == written


@pytest.mark.contract("with a plan of what would change first")
@pytest.mark.contract("[--prune] [--dry-run]` move all workflows as files")
def test_the_plan_says_what_would_change_and_a_dry_run_changes_nothing(folder: Path, database: str):
	change(folder / "a.yaml", title="New", steps=[{"id": "one", "action": "data.set", "params": {"x": "no"}}])
	before = kept(database)

	found = imported(folder, "--db", database, "--dry-run")
	shown = call("import", folder, "--db", database, "--dry-run").stdout

	assert (found["imported"], found["dry_run"]) == ([], True)
	(first, second) = found["changes"]
	assert (first["change"], second["change"]) == ("changed", "unchanged")
	assert first["differences"] == [
		"Workflow: Title was added: “New”",
		"Step one: X was changed from “yes\n on” to “no”",
	]
	assert (
		"changed   a" in shown
		and "changed from “yes on” to “no”" in shown
		and "Nothing was changed." in shown
	)
	assert kept(database) == before


def test_what_changed_is_saved_and_stays_enabled_or_not_with_its_values(folder: Path, database: str):
	change(folder / "a.yaml", title="New")
	change(folder / "b.yaml", title="New too")

	assert kinds(folder, "--db", database) == {"a": "changed", "b": "changed"}

	assert enabled(database) == {"a"}
	assert kept(database)["b"][2] == '{"limit":5}'
	assert "5" not in (folder / "b.yaml").read_text().replace("limit", "")
	with Sandbox(database) as site:
		assert Orchestrator(site).export_workflow("b")["title"] == "New too"


def test_a_run_under_way_keeps_its_version(folder: Path, database: str):
	with Sandbox(database) as site:
		orchestrator = Orchestrator(site)
		orchestrator.set_workflow_enabled("b", True)
		run = orchestrator.start_run("b")
		site.database.commit()
	change(folder / "b.yaml", steps=[{"id": "other", "action": "data.set"}])

	assert kinds(folder, "--db", database)["b"] == "changed"

	with Sandbox(database) as site:
		orchestrator = Orchestrator(site)
		later = orchestrator.start_run("b")
		assert [step["id"] for step in orchestrator.get_run(run)["steps"]] == ["wait", "then"]
		assert [step["id"] for step in orchestrator.get_run(later)["steps"]] == ["other"]


@pytest.mark.parametrize(
	("name", "text", "problem"),
	[
		("c.yaml", "name: c\nsteps:\n- {id: a, action: data.sett}\n", "steps[0].action: no action named"),
		("c.yaml", "name: [\n", "line 2"),
		("c.yaml", "", "is empty"),
		("c.yaml", "name: c\nname: d\nsteps: []\n", "stands twice"),
		("deep/c.json", "[1, 2]", "must be a mapping"),
		("z.yaml", json.dumps({**A, "title": "again"}), "keep one of the two files"),
	],
)
def test_a_file_that_is_bad_changes_nothing_at_all(
	folder: Path, database: str, name: str, text: str, problem: str
):
	change(folder / "a.yaml", title="New")
	(folder / name).parent.mkdir(exist_ok=True)
	(folder / name).write_text(text)
	before = kept(database)

	found = imported(folder, "--db", database, code=2)

	assert problem in " ".join(found["problems"][str(folder / name)])
	assert kept(database) == before


def test_what_the_site_refuses_while_it_is_saved_changes_nothing_at_all(folder: Path, database: str):
	needed = {"who": {"type": "string", "title": "Who"}}
	change(folder / "a.yaml", parameters=needed)
	change(folder / "b.yaml", title="New")
	(folder / "a.yaml").rename(folder / "z.yaml")
	before = kept(database)

	done = call("import", folder, "--db", database)

	assert (done.exit_code, "parameters.who (Who)" in done.stderr) == (2, True)
	assert kept(database) == before


def test_prune_disables_what_no_file_has_and_without_it_that_is_only_told(folder: Path, database: str):
	(folder / "a.yaml").unlink()

	assert kinds(folder, "--db", database) == {"b": "unchanged", "a": "kept"}
	assert enabled(database) == {"a"}
	assert kinds(folder, "--db", database, "--prune", "--dry-run") == {"b": "unchanged", "a": "disabled"}
	assert enabled(database) == {"a"}
	assert kinds(folder, "--db", database, "--prune") == {"b": "unchanged", "a": "disabled"}
	assert enabled(database) == set()
	assert kinds(folder, "--db", database, "--prune") == {"b": "unchanged"}


def test_prune_needs_a_folder_that_has_all(folder: Path, database: str):
	done = call("import", folder / "a.yaml", "--db", database, "--prune")
	assert (done.exit_code, "--prune goes with one folder" in done.output) == (2, True)


def test_workflows_that_come_together_may_run_each_other_but_not_in_a_circle(tmp_path: Path, database: str):
	def runs(name: str, other: str) -> Mapping[str, Any]:
		return {"name": name, "steps": [{"id": "sub", "action": "flow.run", "params": {"workflow": other}}]}

	both = tmp_path / "both"
	both.mkdir()
	for name, other in (("c", "d"), ("d", "c")):
		(both / f"{name}.json").write_text(json.dumps(runs(name, other)))
	found = imported(both, "--db", database, code=2)
	assert all("runs itself by way of" in " ".join(each) for each in found["problems"].values())
	assert set(kept(database)) == {"a", "b"}

	# From `d runs c` to `c runs d`: saved one after the other, they would be a circle in between.
	(both / "c.json").write_text(json.dumps({**A, "name": "c"}))
	assert kinds(both, "--db", database) == {"c": "new", "d": "new", "a": "kept"}
	(both / "c.json").write_text(json.dumps(runs("c", "d")))
	(both / "d.json").write_text(json.dumps({**A, "name": "d"}))
	assert kinds(both, "--db", database) == {"c": "changed", "d": "changed", "a": "kept"}


def test_an_export_writes_over_the_file_that_has_the_workflow_and_over_no_other(folder: Path, database: str):
	(folder / "deep").mkdir()
	(folder / "a.yaml").rename(folder / "deep" / "renamed.json")
	change(folder / "deep" / "renamed.json", name="a", steps=A["steps"], title="Old", parameters={})
	(folder / "notes.test.yaml").write_text("not: a definition")

	done = call("export", "--all", folder, "--db", database, "--json")

	assert json.loads(done.stdout) == {"written": [str(folder / "deep" / "renamed.json")]}
	assert json.loads((folder / "deep" / "renamed.json").read_text()) == A
	(folder / "deep" / "renamed.json").rename(folder / "b.yaml")
	refused = call("export", "--all", folder, "--db", database)
	assert (refused.exit_code, "b.yaml: is in the way of the workflow b" in refused.stderr) == (2, True)


def test_the_keys_come_in_the_order_in_which_people_read_them(folder: Path, database: str):
	for text in ((folder / "b.yaml").read_text(), call("export", "b", "--db", database).stdout):
		outer = [line.partition(":")[0] for line in text.splitlines() if line[0].isalpha()]
		assert outer == ["name", "title", "parameters", "steps"]
		assert text.index("id: wait") < text.index("action: flow.wait") < text.index("params:\n    for: 1h")


def test_some_are_printed(database: str):
	assert json.loads(call("export", "a", "--db", database, "--json").stdout) == A
	assert call("export", "a", "b", "--db", database).stdout.count("\n---\n") == 1
	assert call("export", "--db", database).exit_code == 2
	assert call("export", "nobody", "--db", database).exit_code == 3
