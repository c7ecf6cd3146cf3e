"""What AI agents are asked, and the turns of it: each answer of a model and each call of a tool, as rows.

An ask belongs to one step run, whose lease is its fence: nobody else writes its rows.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from dogansystem.engine.outputs import decode
from dogansystem.protocol import Database
from dogansystem.store import dialect
from dogansystem.store.moment import Moment

TURN = "tabDogan Agent Turn"
OPEN, ANSWERED, GAVE_UP, CUT = "Open", "Answered", "Gave Up", "Cut"  # states of an ask
UNANSWERED = (OPEN, CUT)
STATES = (*UNANSWERED, ANSWERED, GAVE_UP)
STOPPED = "s.status IN ('Failed', 'Cancelled', 'Skipped')"  # a step run that has ended without an answer
ASKING, CALLING, DONE = "Asking", "Calling", "Done"  # states of a turn


@dataclass(frozen=True, slots=True)
class Ask:
	"""What an agent is asked by a step.

	Attributes:
		version: of the agent, as `version_of` gives it.
		given: the rendered parameters, and what was read for them.
		deadline: epoch seconds; None: it has all the time.
		tokens, cost: what has been used, what is reserved included. `cost` is in billionths.
	"""

	id: int
	run: str
	step_run: str
	agent: str
	version: str
	state: str = OPEN
	given: Mapping[str, Any] = field(default_factory=dict)
	deadline: float | None = None
	tokens: int = 0
	cost: int = 0


@dataclass(frozen=True, slots=True)
class CallMade:
	"""A call of a tool, and what came of it.

	Attributes:
		approval: people were asked whether it may be done. `seen`: how what it changes was then.
		child: the run that it has started.
		is_done: there is an `output`, or an `error`.
		began_at, ended_at: when somebody first came to it, and when it was done (epoch seconds); 0: not yet.
	"""

	id: str
	tool: str
	params: Mapping[str, Any] | None
	raw: str = ""
	approval: str | None = None
	approved_by: str | None = None
	seen: str = ""
	child: str | None = None
	is_done: bool = False
	output: Any = None
	error: str | None = None
	began_at: float = 0.0
	ended_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Turn:
	"""A request to a model and its answer.

	Attributes:
		sendings: how often it may have gone out: each one was recorded before.
		failures: how often this model was busy.
		tokens: that are reserved for it, and then what it has used. `cost` likewise, in billionths; `day`: of which day's budget.
		problem: what is wrong with the answer, as the model is told.
		asked_at, answered_at: when it was begun, and when its answer was there (epoch seconds); 0: not yet.
	"""

	number: int
	model: str
	digest: str = ""
	state: str = ASKING
	sendings: int = 1
	failures: int = 0
	tokens: int = 0
	cost: int = 0
	day: str = ""
	max_answer: int = 0
	text: str = ""
	tokens_in: int = 0
	tokens_out: int = 0
	calls: tuple[CallMade, ...] = ()
	problem: str = ""
	asked_at: float = 0.0
	answered_at: float = 0.0

	def with_call(self, call: CallMade) -> "Turn":
		"""The turn with this call in the place of the one of its id."""
		calls = tuple(call if each.id == call.id else each for each in self.calls)
		return replace(self, calls=calls, state=DONE if all(each.is_done for each in calls) else CALLING)


_ASK = "id, run, step_run, agent, version, state, given, deadline, tokens, cost"


def latest(db: Database, step_run: str) -> Ask | None:
	"""The last thing that a step run has asked."""
	query = f"SELECT {_ASK} FROM dogan_ask WHERE step_run = %s ORDER BY id DESC LIMIT 1"
	row = dialect.first(db.sql(query, (step_run,)))
	return _ask(row) if row else None


def _ask(row: tuple[Any, ...]) -> Ask:
	number, run, own, agent, version, state, given, deadline, tokens, cost = row
	used = (int(tokens), int(cost))
	return Ask(int(number), run, own, agent, version, state, decode(given) or {}, deadline, *used)


def of_step(db: Database, step_run: str) -> list[tuple[Ask, float, float | None]]:
	"""Everything that a step run has asked, in its order, with when it began and ended (epoch seconds; None: it has not)."""
	query = f"SELECT {_ASK}, began_at, ended_at FROM dogan_ask WHERE step_run = %s ORDER BY id"
	return [(_ask(row[:-2]), float(row[-2]), row[-1]) for row in db.sql(query, (step_run,))]


def has_stopped(db: Database, step_run: str) -> bool:
	"""Whether a step run has come to an end without an answer."""
	return bool(db.sql(f"SELECT 1 FROM `tabDogan Step Run` s WHERE s.name = %s AND {STOPPED}", (step_run,)))


def in_short(db: Database, run: str) -> dict[str, dict[str, Any]]:
	"""What the steps of a run have asked, by their ids, items included: `turns`, `tokens`, `cost`, and the `reason` of one that
	gave up."""
	query = f"SELECT step, COUNT(*), SUM(tokens_in + tokens_out), SUM(cost) FROM `{TURN}` WHERE run = %s GROUP BY step"
	found: dict[str, dict[str, Any]] = {
		str(step): {"turns": int(turns), "tokens": int(tokens), "cost": float(cost)}
		for step, turns, tokens, cost in db.sql(query, (run,))
	}
	if found:
		query = (
			"SELECT step, output FROM `tabDogan Step Run` WHERE run = %s AND item = 0 AND branch = 'gave_up'"
		)
		for step, output in db.sql(query, (run,)):
			if step in found:
				found[step]["reason"] = str((decode(output) or {}).get("text") or "")
	return found


def begin(db: Database, ask: Ask, workflow: str, at: Moment) -> Ask:
	"""Write a new ask; gives it with its number."""
	rows = db.sql(
		"INSERT INTO dogan_ask (run, step_run, workflow, agent, version, state, given, deadline, tokens, cost, began_at)"
		" VALUES (%s, %s, %s, %s, %s, %s, %s, %s, 0, 0, %s) RETURNING id",
		(
			*(ask.run, ask.step_run, workflow, ask.agent, ask.version, OPEN, _json(ask.given), ask.deadline),
			at.seconds,
		),
	)
	return replace(ask, id=int(rows[0][0]))


def keep(db: Database, ask: Ask, at: Moment) -> None:
	"""Write how far an ask has come."""
	ended = at.seconds if ask.state != OPEN else None
	query = "UPDATE dogan_ask SET state = %s, tokens = %s, cost = %s, ended_at = %s WHERE id = %s"
	db.execute(query, (ask.state, ask.tokens, ask.cost, ended, ask.id))


def is_fresh(db: Database, step_run: str) -> bool:
	"""Whether no attempt of a step run has come to an end since it was made, or set back."""
	query = "SELECT 1 FROM `tabDogan Step Run` WHERE name = %s AND started_at IS NOT NULL"
	return not db.sql(query, (step_run,))


# Versions of agents


def version_in(db: Database, run: str, agent: str) -> str | None:
	"""The version of an agent that a run goes by: the one it was first asked with."""
	query = "SELECT version FROM dogan_ask WHERE run = %s AND agent = %s ORDER BY id LIMIT 1"
	row = dialect.first(db.sql(query, (run, agent)))
	return str(row[0]) if row else None


def keep_version(db: Database, version: str, agent: str, content: str, at: Moment) -> None:
	"""Keep a version of an agent, if it is not kept yet."""
	if not db.sql("SELECT 1 FROM dogan_agent_version WHERE name = %s", (version,)):
		ignore = "INSERT IGNORE" if db.dialect == "mariadb" else "INSERT OR IGNORE"
		query = f"{ignore} INTO dogan_agent_version (name, agent, content, kept_at) VALUES (%s, %s, %s, %s)"
		db.execute(query, (version, agent, content, at.seconds))


def version(db: Database, name: str) -> dict[str, Any] | None:
	"""A version of an agent as plain data. As it is now: another ask may just have kept it, which this snapshot does not show."""
	query = "SELECT content FROM dogan_agent_version WHERE name = %s" + dialect.for_share(db)
	row = dialect.first(db.sql(query, (name,)))
	return decode(row[0]) if row else None


# Turns


def turns(db: Database, ask: int) -> list[Turn]:
	"""The turns of an ask, in their order."""
	query = f"SELECT number, model, digest, status, details FROM `{TURN}` WHERE ask = %s ORDER BY number"
	return [_turn(row) for row in db.sql(query, (str(ask),))]


def _turn(row: tuple[Any, ...]) -> Turn:
	number, model, digest, status, details = row
	more = decode(details) or {}
	calls = tuple(CallMade(**each) for each in more.pop("calls", ()))
	return Turn(int(number), model or "", digest or "", status, calls=calls, **more)


def add_turn(db: Database, ask: Ask, turn: Turn, about: Mapping[str, Any], at: Moment, user: str) -> None:
	"""Write a new turn. `about`: workflow, step and item of the step run."""
	values = {"name": name_of(ask.id, turn.number), "ask": str(ask.id), "number": turn.number, "run": ask.run}
	values |= {"step_run": ask.step_run, "agent": ask.agent, **about, **_values(turn)}
	dialect.insert(db, TURN, values, at, user)


def keep_turn(db: Database, ask: int, turn: Turn, at: Moment) -> None:
	"""Write what has become of a turn."""
	each = dialect.update_of(TURN, name_of(ask, turn.number), {**_values(turn), "modified": at.text})
	db.execute(each.query, each.values)


def name_of(ask: int, number: int) -> str:
	"""The name of a turn."""
	return f"{ask}.{number}"


_COLUMNS = ("number", "model", "digest", "state")


def _values(turn: Turn) -> dict[str, Any]:
	details = {key: value for key, value in asdict(turn).items() if key not in _COLUMNS}
	return {
		"status": turn.state,
		"model": turn.model,
		"digest": turn.digest,
		"answer": turn.text,
		"tokens_in": turn.tokens_in,
		"tokens_out": turn.tokens_out,
		"cost": round(turn.cost / 1e9, 9),
		"tools": ", ".join(each.tool for each in turn.calls)[:140],
		"approved_by": ", ".join(each.approved_by for each in turn.calls if each.approved_by)[:140],
		"details": _json(details),
	}


def _json(value: Any) -> str:
	return json.dumps(value, ensure_ascii=False, default=str)


def delete_of_run(db: Database, run: str) -> None:
	"""Delete what a run has asked, with the run."""
	if db.execute("DELETE FROM dogan_ask WHERE run = %s", (run,)):
		db.execute(f"DELETE FROM `{TURN}` WHERE run = %s", (run,))
