"""Ends of runs: what failed in one that has succeeded is counted, and ends are noted in the transaction that ends them, for triggers that ask for such ends. `store.ends` reads them."""

from dogansystem.protocol import Statement
from dogansystem.store import dialect
from dogansystem.store.ends import WAIT, name_of
from dogansystem.store.moment import Moment


def noting(run: str, status: str, at: Moment) -> Statement:
	"""Note the end of a run, if somebody asks for ends of this kind. Stands behind the statement that ends it.

	What a run's end has started is not noted: it starts nothing by its own end.
	"""
	return Statement(
		"INSERT INTO dogan_timer (due_at, since, kind, subject, data)"
		" SELECT %s, %s, %s, name, JSON_OBJECT('status', status, 'error_type', error_type, 'error', error,"
		" 'step', error_step, 'finished_at', %s)"
		" FROM `tabDogan Workflow Run` WHERE name = %s AND cause <> 'run'",
		(at.seconds, at.seconds, WAIT, at.text, run),
		given=f"SELECT 1 FROM dogan_state WHERE name = '{name_of(status)}' AND value > 0",
	)


def counting(run: str) -> Statement:
	"""Write how many steps and items of a run have failed. Stands behind the statements that write them."""
	failed = (
		"SELECT COUNT(*) FROM `tabDogan Step Run`"
		f" WHERE run = %s AND {dialect.IS_STEP_OR_ITEM} AND status = 'Failed'"
	)
	return Statement(f"UPDATE `tabDogan Workflow Run` SET failures = ({failed}) WHERE name = %s", (run, run))
