"""`dogansystem batch` and `dogansystem batches`."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dogansystem import Orchestrator, Sandbox
from dogansystem.cli import main
from dogansystem.worker.drainer import Drainer


@pytest.fixture
def database(tmp_path: Path) -> str:
	"""A sandbox with three leads and a workflow for them."""
	address = str(tmp_path / "leads.db")
	with Sandbox(address) as site:
		site.load_documents(
			{"doctype": "Lead", "name": f"L-{number}", "status": "Open"} for number in range(3)
		)
		triggers = [{"on": "manual", "doctype": "Lead"}]
		steps = [{"id": "a", "action": "data.check", "params": {"that": "{{ doc.name != input.but }}"}}]
		Orchestrator(site).import_workflow({"name": "greet", "triggers": triggers, "steps": steps})
		site.database.commit()
	return address


def call(*words: str) -> Result:
	return CliRunner().invoke(main, [*words])


def work(database: str) -> None:
	with Sandbox(database) as site:
		while Drainer(site, until=lambda: True).run():
			pass


def test_a_batch_is_started_by_filters_and_its_results_are_shown(database: str):
	asked = ("batch", "greet", "Lead", "--filters", '{"status": "Open"}', "--input", '{"but": "L-1"}')
	made = json.loads(call(*asked, "--db", database, "--json").stdout)
	assert made["total"] == 3
	assert "Running  0 of 3 Lead" in call("batches", "--db", database).stdout

	work(database)

	found = json.loads(call("batches", made["batch"], "--db", database, "--json").stdout)
	assert (found["status"], found["runs"]) == ("Completed", {"Succeeded": 2, "Failed": 1})
	assert [(each["document"], each["status"]) for each in found["documents"]] == [
		("L-0", "Succeeded"), ("L-1", "Failed"), ("L-2", "Succeeded"),
	]  # fmt: skip
	assert "L-1: Failed" in call("batches", made["batch"], "--db", database).stdout


def test_documents_are_named_and_what_makes_no_batch_is_exit_code_2(database: str):
	made = json.loads(
		call("batch", "greet", "Lead", "L-2", "L-9", "--input", "{}", "--db", database, "--json").stdout
	)
	work(database)
	shown = call("batches", made["batch"], "--db", database).stdout
	assert "L-9: DoesNotExistError" in shown
	assert call("batch", "greet", "Lead", "--db", database).exit_code == 2
	assert call("batch", "greet", "User", "x", "--db", database).exit_code == 2
	assert call("batch", "none", "Lead", "x", "--db", database).exit_code == 3
	assert call("batches", "none", "--db", database).exit_code == 3
