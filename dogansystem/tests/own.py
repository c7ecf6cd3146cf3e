"""What the tests make on a site, told apart from what the site has: nothing else is ever changed or deleted.

A workflow, run or agent is the tests' if it acts as one of their users, or has a name that begins with `contract`. What an
interrupted run of the tests has left is swept away when the next one starts, and the settings are put back then.
"""

import atexit
import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import frappe

from dogansystem.homes.frappe.site import current_site
from dogansystem.store import history
from dogansystem.tests.contract.deciding import ROLE
from dogansystem.tests.contract.home import PERSON

MANAGER, USER, OTHER = "dogan-manager@example.com", "dogan-user@example.com", "dogan-other@example.com"
NOBODY, GONE = "dogan-nobody@example.com", "contract-gone@example.com"
USERS = (PERSON, MANAGER, USER, OTHER, NOBODY, GONE)
SETTINGS = "Dogan Settings"
LATER = 60.0  # seconds: what lies further in the future was written by a test that had moved the clock
NO_TIME = 1e10  # a stamp, not a moment
# The tests' own, in SQL.
_WORKFLOWS = "(COALESCE(run_as, '') IN %(users)s OR owner IN %(users)s OR name LIKE 'contract%%')"
_RUNS = "(workflow IN %(workflows)s OR COALESCE(run_as, '') IN %(users)s OR COALESCE(started_by, '') IN %(users)s)"
# Figures and nodes: rows that were there stay, and those that a test has changed are put back after it.
_FIGURES = ("dogan_process", "dogan_node", "dogan_tally", "dogan_sample", "dogan_state")


def sweep() -> None:
	"""Delete everything that tests have made. Commits."""
	frappe.db.rollback()
	workflows, runs = _workflows(), _runs()
	agents = _names("Dogan Agent", "user IN %(users)s OR name LIKE 'contract%%'")
	_delete_runs(runs)
	_delete("Dogan Workflow Version", "workflow", workflows)
	for table in ("Dogan Workflow Step", "Dogan Workflow Trigger"):
		_delete(table, "parent", workflows)
	_delete("Dogan Workflow", "name", workflows)
	_delete("Dogan Agent Capability", "parent", agents)
	_delete("Dogan Agent Tool", "parent", agents)
	_delete("Dogan Agent", "name", agents)
	servers = _names("Dogan Tool Server", "name LIKE 'contract%%'")
	_delete("Dogan Server Tool", "parent", servers)
	_delete("Dogan Tool Server", "name", servers)
	for doctype in ("Dogan Credential", "Dogan Model", "Dogan Baseline"):
		_delete(doctype, "name", _names(doctype, "name LIKE 'contract%%'"))
	batches = _names("Dogan Batch", "workflow IN %(workflows)s", workflows)
	_delete("Dogan Batch", "name", batches)
	_delete_from_queue(workflows, runs, agents, batches)
	_delete_documents()
	_delete("Has Role", "role", [ROLE])
	_delete("Role", "name", [ROLE])
	# Signals of these names are the tests'; MariaDB compares them without regard to case.
	frappe.db.sql("DELETE FROM dogan_signal WHERE name LIKE 'contract-%%'")
	frappe.db.sql(
		"DELETE FROM __Auth WHERE doctype = 'User' AND name IN %s", (USERS,)
	)  # passwords that tests set
	current_site().touch("triggers")
	frappe.db.commit()


def _delete_documents() -> None:
	"""Delete documents that steps of tests have made, and what stands beside them. Files are deleted on the disk too."""
	todos = frappe.get_all("ToDo", {"description": ["like", "contract %"]}, pluck="name")
	mails = frappe.get_all("Communication", {"content": ["like", "%contract mail%"]}, pluck="name")
	names = [*todos, *mails, *frappe.get_all("Salutation", {"name": ["like", "contract %"]}, pluck="name")]
	for table, column in (
		("DocShare", "share_name"),
		("Tag Link", "document_name"),
		("Comment", "reference_name"),
	):
		_delete(table, column, names)
	_delete("ToDo", "name", todos)
	_delete("Communication Link", "parent", mails)
	_delete("Communication", "name", mails)
	_delete("Salutation", "name", names)
	frappe.db.delete("Tag", {"name": ["like", "contract-%"]})
	for name in frappe.get_all("File", {"file_name": ["like", "contract%"]}, pluck="name"):
		frappe.delete_doc("File", name, force=True, ignore_permissions=True, delete_permanently=True)


def sweep_runs() -> None:
	"""Delete the runs that tests have started, and all that belongs to them. Commits."""
	frappe.db.rollback()
	runs = _runs()
	_delete_runs(runs)
	_delete_from_queue((), runs, ())
	frappe.db.commit()


def forget_the_future() -> None:
	"""Take back what says that something happened later than now: a test was interrupted that had moved the clock."""
	now = current_site().now()
	values = (now, now + LATER, NO_TIME)
	frappe.db.sql(
		"UPDATE dogan_state SET value = %s WHERE name NOT LIKE 'stamp %%' AND value > %s AND value < %s",
		values,
	)
	for table in ("dogan_tally", "dogan_sample"):
		frappe.db.sql(f"DELETE FROM {table} WHERE at > %s", now + LATER)
	frappe.db.commit()


def runs_of_the_site(*states: str) -> int:
	"""How many runs of the site's own are in one of these states."""
	query = f"SELECT COUNT(*) FROM `tabDogan Workflow Run` WHERE status IN %(states)s AND NOT ({_RUNS})"
	return frappe.db.sql(query, {"states": states, **_values(_workflows())})[0][0]


def has_figures() -> bool:
	"""Whether the site has measured or recorded something of its own."""
	tables = ("dogan_tally", "dogan_sample", "tabDogan Baseline")
	return any(frappe.db.sql(f"SELECT 1 FROM `{table}` LIMIT 1") for table in tables)


def next_due() -> float | None:
	"""When a timer or schedule of the site's own is due next (epoch seconds)."""
	workflows, runs = _workflows(), _runs()
	((found,),) = frappe.db.sql(
		"SELECT MIN(due_at) FROM dogan_timer WHERE COALESCE(run, '') NOT IN %(runs)s"
		" AND COALESCE(subject, '') NOT IN %(workflows)s",
		{"runs": (*runs, "-"), "workflows": (*workflows, "-")},
	)
	return found


def owner_of_workflow(name: str) -> str | None:
	"""Who a workflow of the site's own acts as; None if there is none of that name, or it is the tests'."""
	return None if name in _workflows() else frappe.db.get_value("Dogan Workflow", name, "run_as")


def only_ours(wanted: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
	"""Of what wants documents, the workflows of the tests: their documents start none of the site's own."""
	ours = set(_workflows())
	found = {doctype: [each for each in wants if each.workflow in ours] for doctype, wants in wanted.items()}
	return {doctype: wants for doctype, wants in found.items() if wants}


class Figures:
	"""The rows of the tables that count and measure, as they are now."""

	def __init__(self) -> None:
		self._rows = {table: self._read(table) for table in _FIGURES}

	def put_back(self) -> None:
		"""Make them what they were. Commits."""
		for table, before in self._rows.items():
			now = self._read(table)
			for row in now - before:
				where = " AND ".join(f"`{column}` <=> %s" for column in self._columns(table))
				frappe.db.sql(f"DELETE FROM `{table}` WHERE {where}", row)
			for row in before - now:
				frappe.db.sql(f"REPLACE INTO `{table}` VALUES ({', '.join(['%s'] * len(row))})", row)
		frappe.db.commit()

	def _read(self, table: str) -> set[tuple[Any, ...]]:
		# Stamps must stay new, and the sums of ended runs follow the runs that are deleted.
		kept = "NOT LIKE 'stamp %%' AND name NOT LIKE 'runs %%' AND name NOT LIKE 'steps %%'"
		where = f" WHERE name {kept}" if table == "dogan_state" else ""
		return set(frappe.db.sql(f"SELECT * FROM `{table}`{where}"))

	def _columns(self, table: str) -> list[str]:
		return [row[0] for row in frappe.db.sql(f"SHOW COLUMNS FROM `{table}`")]


def keep_settings() -> None:
	"""Note the site's settings in a file before a test changes them for other processes to see."""
	path = _kept()
	if not path.exists():
		frappe.db.rollback()
		rows = frappe.db.sql("SELECT field, value FROM tabSingles WHERE doctype = %s", SETTINGS)
		hidden = frappe.db.sql("SELECT fieldname, password FROM __Auth WHERE doctype = %s", SETTINGS)
		path.write_text(json.dumps({"rows": rows, "hidden": hidden}))
		atexit.register(put_settings_back)  # Ctrl-C: unittest does not clean up then


def put_settings_back() -> None:
	"""Make the settings what they were, if a test, or one that was interrupted, has changed them. Commits."""
	path = _kept() if getattr(frappe.local, "db", None) else None
	if path is None or not path.exists():
		return
	kept = json.loads(path.read_text())
	frappe.db.rollback()
	frappe.db.delete("Singles", {"doctype": SETTINGS})
	frappe.db.sql("DELETE FROM __Auth WHERE doctype = %s", SETTINGS)
	for field, value in kept["rows"]:
		frappe.db.sql(
			"INSERT INTO tabSingles (doctype, field, value) VALUES (%s, %s, %s)", (SETTINGS, field, value)
		)
	for field, password in kept["hidden"]:
		frappe.db.sql(
			"INSERT INTO __Auth (doctype, name, fieldname, password, encrypted) VALUES (%s, %s, %s, %s, 1)",
			(SETTINGS, SETTINGS, field, password),
		)
	frappe.db.commit()
	frappe.clear_document_cache(SETTINGS, SETTINGS)
	path.unlink()


def _kept() -> Path:
	return Path(frappe.get_site_path("private", "dogan_settings_before_tests.json"))


def _workflows() -> list[str]:
	return _names("Dogan Workflow", _WORKFLOWS)


def _runs() -> list[str]:
	return _names("Dogan Workflow Run", _RUNS, _workflows())


def _names(doctype: str, where: str, workflows: Sequence[str] = ()) -> list[str]:
	query = f"SELECT name FROM `tab{doctype}` WHERE {where}"
	return [row[0] for row in frappe.db.sql(query, _values(workflows))]


def _values(workflows: Sequence[str]) -> dict[str, Any]:
	return {"users": USERS, "workflows": (*workflows, "-")}


def _delete_runs(runs: Sequence[str]) -> None:
	history.uncount(current_site().database, runs)
	of_runs = (
		"Dogan Step Run",
		"Dogan Agent Turn",
		"Dogan Approval",
		"Dogan Approver",
		"Dogan Approval Decision",
	)
	for doctype in of_runs:
		_delete(doctype, "run", runs)
	_delete("Dogan Workflow Run", "name", runs)


def _delete(doctype: str, column: str, values: Sequence[str]) -> None:
	if values:
		frappe.db.sql(f"DELETE FROM `tab{doctype}` WHERE `{column}` IN %s", (tuple(values),))


def _delete_from_queue(
	workflows: Sequence[str], runs: Sequence[str], agents: Sequence[str], batches: Sequence[str] = ()
) -> None:
	"""Rows of the internal tables about these, whatever the tables are called."""
	# A resource is `agent:NAME`, `workflow:NAME` or `workflow:NAME:KEY`; a holder is a run or one of its steps.
	resource = "SUBSTRING_INDEX(resource, ':', 2)"
	resources = [f"agent:{each}" for each in agents] + [f"workflow:{each}" for each in workflows]
	known = {
		"run": ("run", runs),
		"subject": ("subject", [*workflows, *batches, *resources]),
		"agent": ("agent", agents),
		"batch": ("batch", batches),
		"workflow": ("workflow", workflows),
		"resource": (resource, resources),
		"holder": ("SUBSTRING_INDEX(holder, '.', 1)", runs),
	}
	for table, column in _columns_of_the_queue():
		expression, values = known.get(column, ("", ()))
		if values:
			frappe.db.sql(f"DELETE FROM `{table}` WHERE {expression} IN %s", (tuple(values),))


@cache
def _columns_of_the_queue() -> Sequence[tuple[str, str]]:
	"""The internal tables with their columns: asked once, because MariaDB opens every table of the site for it."""
	return frappe.db.sql(
		"SELECT table_name, column_name FROM information_schema.columns"
		" WHERE table_schema = DATABASE() AND table_name LIKE 'dogan\\_%%'"
	)
