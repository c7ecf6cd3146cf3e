"""A dry run beside real work on one server: neither sees, uses up or waits for what the other has."""

import json
import threading
import time

import pytest
from click.testing import CliRunner

from dogansystem import Orchestrator, Sandbox
from dogansystem.cli import main
from dogansystem.proving import giving_way
from dogansystem.proving.dry_run import Asked, TooBusy, dry_run
from tests.unit.proving.trying import USER, checksums, step, workflow

TODO = {"doctype": "ToDo", "name": "T-1", "status": "Open"}
CLOSE = step(
	"close", "document.update", params={"doctype": "ToDo", "name": "T-1", "values": {"status": "Closed"}}
)
MAKE = step("make", "document.create", params={"doctype": "Order", "values": {}})


@pytest.fixture
def site(empty_mariadb_url):
	with Sandbox(empty_mariadb_url, user=USER) as found:
		found.load_documents([TODO])
		yield found


@pytest.mark.contract(
	"Nothing is left, provably: rows, counters, naming series, files, queues, mails, caches"
)
def test_no_row_and_no_number_of_the_engines_tables_is_used(site):
	rest = step("rest", "flow.wait", params={"for": "30d"})
	ok = step("ok", "flow.approve", params={"to": "boss@example.com", "subject": "May I?"})
	before = checksums(site)
	report = dry_run(site, Asked(workflow(rest, ok, CLOSE), USER))
	assert report["status"] == "Succeeded", (report["error"], report["waits"])
	after = checksums(site)
	changed = {name for name in before if before[name] != after[name]}
	# InnoDB never takes back a number of the sandbox's own tables of documents and messages.
	assert changed <= {f"sandbox_{each} counts on" for each in ("document", "change", "message")}


def test_real_steps_that_wait_are_not_claimed(site):
	real = workflow(MAKE, name="real")
	Orchestrator(site).save_workflow(real, True)
	run = Orchestrator(site).start_run("real")
	site.database.commit()
	assert dry_run(site, Asked(workflow(CLOSE), USER))["status"] == "Succeeded"
	assert Orchestrator(site).get_run(run)["status"] == "Queued"


def test_real_runs_start_and_new_names_are_given_while_it_goes_on(site, empty_mariadb_url):
	real = workflow(step("x", "data.set", params={"x": 1}), name="real")
	Orchestrator(site).save_workflow(real, True)
	site.documents.create("Order", {"total": 0})  # the series is there
	site.database.commit()
	took = []

	def others():
		began = time.monotonic()
		with Sandbox(empty_mariadb_url) as other:
			Orchestrator(other).start_run("real")
			other.documents.create("Order", {"total": 1})
			other.database.commit()
		took.append(time.monotonic() - began)

	site.whitelist(
		"own.meanwhile", lambda: (thread := threading.Thread(target=others), thread.start(), thread.join())[1]
	)
	report = dry_run(site, Asked(workflow(MAKE, step("m", "method.call", params={"method": "own.meanwhile"}), MAKE | {"id": "again"}), USER))  # fmt: skip
	assert report["status"] == "Succeeded", report["error"]
	assert took and took[0] < 1.0


def test_it_gives_way_to_who_waits_for_what_it_has_locked(site, empty_mariadb_url):
	waited = []

	def others():
		with Sandbox(empty_mariadb_url, user="real@example.com") as other:
			began = time.monotonic()
			other.documents.update("ToDo", "T-1", {"status": "Cancelled"})
			other.database.commit()
			waited.append(time.monotonic() - began)

	thread = threading.Thread(target=others)
	site.whitelist("own.slow", lambda: (thread.start(), time.sleep(4))[1])
	slow = step("slow", "method.call", params={"method": "own.slow"})
	with pytest.raises(TooBusy, match="other work waited"):
		dry_run(site, Asked(workflow(CLOSE, slow, MAKE), USER))
	thread.join()
	assert waited[0] < 1.5
	assert site.documents.get("ToDo", "T-1")["status"] == "Cancelled"
	site.database.rollback()
	assert dry_run(site, Asked(workflow(CLOSE), USER))["status"] == "Succeeded"


def test_it_gives_way_where_its_user_may_not_see_locks(site, empty_mariadb_url, monkeypatch):
	monkeypatch.setattr(giving_way, "_BLOCKED", "SELECT no_such_right FROM nowhere WHERE 1 = %s")
	test_it_gives_way_to_who_waits_for_what_it_has_locked(site, empty_mariadb_url)


def test_it_does_not_wait_for_what_real_work_has_locked(site, empty_mariadb_url):
	with Sandbox(empty_mariadb_url, user="real@example.com") as other:
		other.documents.update("ToDo", "T-1", {"status": "Cancelled"})
		began = time.monotonic()
		with pytest.raises(TooBusy, match="real work has locked"):
			dry_run(site, Asked(workflow(CLOSE), USER))
		assert time.monotonic() - began < 5
		other.database.rollback()


def test_it_is_undone_where_its_connection_is_lost_in_the_middle(site):
	number = "SELECT CONNECTION_ID()"
	before = checksums(site)

	def end():
		mine = site.database.sql(number)[0][0]
		control = site.open_control()
		control.execute(f"KILL CONNECTION {mine}")
		control.close()

	site.whitelist("own.end", end)
	with pytest.raises(TooBusy, match=r"lost|ended"):
		dry_run(
			site, Asked(workflow(MAKE, step("end", "method.call", params={"method": "own.end"}), CLOSE), USER)
		)
	site.database.rollback()
	after = checksums(site)
	assert [name for name in before if before[name] != after[name] and "counts on" not in name] == []


def test_the_command_tries_it_on_a_server_with_documents_of_its_own(site, empty_mariadb_url, tmp_path):
	path, documents = tmp_path / "tried.yaml", tmp_path / "documents.jsonl"
	path.write_text(
		json.dumps(
			workflow(CLOSE, step("read", "document.get", params={"doctype": "Order", "name": "O-1"})).source
		)
	)
	documents.write_text('{"doctype": "Order", "name": "O-1", "total": 5}')
	before = checksums(site)
	words = ["run", path, "--db", empty_mariadb_url, "--documents", documents, "--dry-run", "--json"]
	done = CliRunner().invoke(main, [*map(str, words)])
	assert done.exit_code == 0, done.output
	report = json.loads(done.stdout)
	assert report["steps"][1]["output"]["total"] == 5
	assert [each["name"] for each in report["documents"]["updated"]] == ["T-1"]
	after = checksums(site)
	assert [name for name in before if before[name] != after[name] and "counts on" not in name] == []
