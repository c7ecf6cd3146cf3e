"""Which faults a trigger survives, and which end the transaction that it is part of."""

from types import SimpleNamespace
from typing import Any

import pytest

from dogansystem.engine.errors import InputError, StepCommitted, Timeout, TooDeep
from dogansystem.triggers.faults import SAVEPOINT, survived, written


class Conflict(Exception):
	pass


class Lost(Exception):
	pass


class JobTimeoutException(type("BaseTimeoutException", (Exception,), {})):  # type: ignore[misc]
	"""As RQ raises it in a job that takes too long."""


SITE: Any = SimpleNamespace(name="a site", database=None, report=lambda title, text: False)


class Connection:
	"""Keeps the statements."""

	dialect = "mariadb"

	def __init__(self) -> None:
		self.done: list[str] = []

	def execute(self, query: str, values: Any = ()) -> int:
		self.done.append(query)
		return 0

	def is_conflict(self, error: BaseException) -> bool:
		return isinstance(error, Conflict)

	def is_lost(self, error: BaseException) -> bool:
		return isinstance(error, Lost)


def raising(error: Exception) -> Any:
	def do() -> None:
		raise error

	return do


@pytest.mark.parametrize("error", [RuntimeError("x"), InputError("x"), MemoryError(), LookupError("x")])
def test_a_fault_is_logged_and_what_it_has_written_is_undone(
	error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
	db: Any = Connection()
	assert (
		survived(SITE, db, "workflow=a document=ToDo 1", lambda: written(db, raising(error)), "else")
		== "else"
	)
	assert db.done == [f"SAVEPOINT {SAVEPOINT}", f"ROLLBACK TO SAVEPOINT {SAVEPOINT}"]
	(record,) = caplog.records
	assert record.name == "dogansystem" and record.exc_info and "workflow=a document=ToDo 1" in record.message


@pytest.mark.parametrize("error", [Conflict(), Lost()])
def test_a_transaction_that_is_gone_is_not_survived(error: Exception) -> None:
	db: Any = Connection()
	with pytest.raises(type(error)):
		survived(SITE, db, "x", lambda: written(db, raising(error)), None)
	assert db.done == [f"SAVEPOINT {SAVEPOINT}"]


@pytest.mark.parametrize("error", [Timeout(), StepCommitted(), TooDeep(), JobTimeoutException()])
def test_what_ends_the_step_or_the_job_around_it_passes_through(error: Exception) -> None:
	with pytest.raises(type(error)):
		survived(SITE, Connection(), "x", raising(error), None)  # type: ignore[arg-type]


def test_without_a_fault_one_savepoint_is_all_it_costs() -> None:
	db: Any = Connection()
	assert survived(SITE, db, "x", lambda: written(db, lambda: "run"), None) == "run"
	assert db.done == [f"SAVEPOINT {SAVEPOINT}"]
