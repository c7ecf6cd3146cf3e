"""A history of many runs and approvals, as it looks after a month: copies of one of each, spread over people, documents, causes
and days."""

from collections.abc import Mapping

import frappe

RUN, STEP_RUN = "Dogan Workflow Run", "Dogan Step Run"
APPROVAL, APPROVER, DECISION = "Dogan Approval", "Dogan Approver", "Dogan Approval Decision"
RUNS = 100_000  # of ten steps each
OPEN, SETTLED = 10_000, 100_000  # approvals
DOCUMENTS = 10_000  # one run in two is about one of these ToDos
WORKFLOWS = 20
RARE = 1000  # one run in so many was started by whoever has few rights, and one ToDo in so many is theirs
TEXT = 300  # characters of a step's output

# What differs from copy to copy: `n` numbers them, the oldest first; `source` is the row that is copied. A copy is as much older
# as there are copies after it, 25 seconds each.
_AGES = (
	"creation",
	"modified",
	"queued_at",
	"started_at",
	"finished_at",
	"ready_at",
	"asked_at",
	"settled_at",
	"decided_at",
)
_NAME = "CONCAT('0load-', LPAD(n, 8, '0'))"
_STATUS = "CASE WHEN n %% 40 = 3 THEN 'Failed' WHEN n %% 97 = 5 THEN 'Cancelled' ELSE 'Succeeded' END"
_WORKFLOW = f"CONCAT('contract-many-', n %% {WORKFLOWS})"
_OF_RUNS = {
	"name": _NAME,
	"workflow": _WORKFLOW,
	"status": _STATUS,
	"cause": "ELT(1 + n %% 4, 'document', 'schedule', 'manual', 'api')",
	"started_by": f"IF(n %% {RARE} = 7, %(few)s, %(most)s)",
	"reference_doctype": "IF(n %% 2, 'ToDo', NULL)",
	"reference_name": f"IF(n %% 2, CONCAT('0load-', LPAD(n %% {DOCUMENTS}, 8, '0')), NULL)",
	"error": f"IF({_STATUS} = 'Failed', 'The bank does not answer', NULL)",
	"counted": "1",
}
_OF_STEPS = {
	"name": f"CONCAT({_NAME}, SUBSTRING(source.name, LENGTH(source.run) + 1))",
	"run": _NAME,
	"workflow": _WORKFLOW,
	"status": f"IF(source.position = 9, {_STATUS}, 'Succeeded')",
	"agent": "IF(n %% 50 = 1, 'contract desk', NULL)",
	"output": f"CONCAT('{{\"text\": \"', REPEAT('x', {TEXT}), '\"}}')",
}
_OF_DOCUMENTS = {
	"name": _NAME,
	"allocated_to": f"IF(n %% {RARE} = 1, %(few)s, %(most)s)",
	"owner": "%(most)s",
}
_OF_OPEN = {"name": _NAME, "run": _NAME, "workflow": _WORKFLOW}
_OF_SETTLED = {
	**_OF_OPEN,
	"name": "CONCAT('0load-s-', LPAD(n, 8, '0'))",
	"status": "ELT(1 + n %% 3, 'Approved', 'Rejected', 'Expired')",
	"settled_by": "IF(n %% 3 = 2, NULL, %(most)s)",
	"settled_at": "source.asked_at",
	"untold": "0",
}
_OF_DECISIONS = {
	"name": "CONCAT('0load-s-', LPAD(n, 8, '0'), '.1')",
	"approval": "CONCAT('0load-s-', LPAD(n, 8, '0'))",
	"by_user": "%(most)s",
	"run": _NAME,
}


def fill_runs(run: str, people: Mapping[str, str]) -> None:
	"""Copy a finished run of ten steps. `few`: who has started few of the copies; `most`: who has all others."""
	_copy(RUN, {"name": run}, RUNS, _OF_RUNS, people)
	_copy(STEP_RUN, {"run": run}, RUNS, _OF_STEPS, people)


def fill_documents(todo: str, people: Mapping[str, str]) -> None:
	"""The ToDos that the runs are about."""
	_copy("ToDo", {"name": todo}, DOCUMENTS, _OF_DOCUMENTS, people)


def fill_approvals(approval: str, decided: str, people: Mapping[str, str]) -> None:
	"""Copy an open approval, asked of the same people, and one that was decided, with its decision."""
	_copy(APPROVAL, {"name": approval}, OPEN, _OF_OPEN, people)
	_copy(
		APPROVER,
		{"approval": approval},
		OPEN,
		{"name": f"CONCAT({_NAME}, '.1')", "approval": _NAME, "run": _NAME},
		people,
	)
	_copy(APPROVAL, {"name": decided}, SETTLED, _OF_SETTLED, people)
	_copy(DECISION, {"approval": decided}, SETTLED, _OF_DECISIONS, people)


def empty() -> None:
	"""Delete what was filled in."""
	frappe.db.rollback()
	for doctype in (RUN, STEP_RUN, "ToDo", APPROVAL, APPROVER, DECISION):
		frappe.db.sql(f"DELETE FROM `tab{doctype}` WHERE name LIKE '0load-%%'")
		frappe.db.commit()


def _copy(
	doctype: str, which: Mapping[str, str], times: int, own: Mapping[str, str], people: Mapping[str, str]
) -> None:
	columns = frappe.db.get_table_columns(doctype)
	age = f"INTERVAL ({times} - n) * 25 SECOND"
	made = {column: f"source.`{column}` - {age}" for column in columns if column in _AGES} | own
	chosen = ", ".join(made.get(column, f"source.`{column}`") for column in columns)
	listed = ", ".join(f"`{column}`" for column in columns)
	((key, value),) = which.items()
	frappe.db.sql(
		f"INSERT INTO `tab{doctype}` ({listed}) SELECT {chosen} FROM `tab{doctype}` source, {_numbers(times)} numbers"
		f" WHERE source.`{key}` = %(value)s",
		{"value": value, **people},
	)
	frappe.db.commit()
	frappe.db.sql(f"ANALYZE TABLE `tab{doctype}`")
	frappe.db.commit()


def _numbers(times: int) -> str:
	"""A table of the numbers below `times`, which is a power of ten."""
	places = range(len(str(times)) - 1)
	digits = " UNION ALL ".join(f"SELECT {digit} AS d" for digit in range(10))
	number = " + ".join(f"d{place}.d * {10**place}" for place in places)
	return f"(SELECT {number} AS n FROM {', '.join(f'({digits}) d{place}' for place in places)})"


def rows_read() -> int:
	"""How many rows the server has read since it began, for whatever client."""
	names = ("first", "key", "last", "next", "prev", "rnd", "rnd_next")
	listed = ", ".join(f"'Handler_read_{name}'" for name in names)
	return sum(
		int(value) for _, value in frappe.db.sql(f"SHOW GLOBAL STATUS WHERE Variable_name IN ({listed})")
	)
