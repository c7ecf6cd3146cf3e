"""Cutting what was said in asks: it is not kept for ever. What was used, which tools were called and who approved stays."""

from dataclasses import replace

from dogansystem.engine.states import RUN_FINISHED
from dogansystem.protocol import Database
from dogansystem.store import asks, dialect, state
from dogansystem.store.moment import Moment

CUT_UP_TO = "asks cut up to"  # its name in dogan_state
FINISHED = tuple(sorted(RUN_FINISHED))


def cut_ended(db: Database, before: float, limit: int, at: Moment) -> int:
	"""Cut the texts of up to `limit` asks that have ended before then (epoch seconds); gives of how many. The caller commits.

	Those that ended before what was cut the last time are not looked at again.
	"""
	since = state.value(db, CUT_UP_TO)
	query = (
		"SELECT id FROM dogan_ask WHERE ended_at >= %s AND ended_at < %s AND given IS NOT NULL"
		" ORDER BY ended_at LIMIT %s"
	)
	found = db.sql(query, (since, before, limit))
	for (number,) in found:
		cut(db, int(number), at)
	if len(found) < limit and before > since:
		state.set_value(db, CUT_UP_TO, before)
	return len(found)


def cut_left(db: Database, before: str, limit: int, at: Moment) -> int:
	"""The same of asks that have not ended, while their runs have, before then (local text). They cannot go on any more."""
	db.begin()
	runs = dialect.marks(FINISHED)
	query = (
		"SELECT r.name, a.id FROM dogan_ask a JOIN `tabDogan Workflow Run` r ON r.name = a.run"
		f" WHERE a.state = %s AND r.status IN ({runs}) AND r.finished_at < %s LIMIT %s"
	)
	found = db.sql(query, (asks.OPEN, *FINISHED, before, limit))
	locked = f"SELECT 1 FROM `tabDogan Workflow Run` WHERE name = %s AND status IN ({runs})"
	for run, number in found:
		if db.sql(locked + dialect.for_update(db), (run, *FINISHED)):  # nobody has retried it meanwhile
			db.execute("UPDATE dogan_ask SET state = %s WHERE id = %s", (asks.CUT, number))
			cut(db, int(number), at)
	return len(found)


def cut(db: Database, ask: int, at: Moment) -> None:
	"""Cut what was said in an ask. What it has used, which tools were called and who approved is kept."""
	db.execute("UPDATE dogan_ask SET given = NULL WHERE id = %s", (ask,))
	for turn in asks.turns(db, ask):
		calls = tuple(
			replace(
				each,
				params=None,
				raw="",
				output=None,
				seen="",
				error=each.error and each.error.partition(":")[0][:40],
			)
			for each in turn.calls
		)
		asks.keep_turn(db, ask, replace(turn, text="", problem="", calls=calls), at)
