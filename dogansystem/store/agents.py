"""The agents as the queue sees them: who may take a step, and how busy each is."""

from dataclasses import dataclass
from typing import Any

from dogansystem.engine.definition import Step
from dogansystem.engine.errors import NotAllowed, NotFound
from dogansystem.protocol import Database
from dogansystem.store import dialect


@dataclass(frozen=True, slots=True)
class Agent:
	"""An enabled agent. `capacity` is how many steps it may have at a time, `busy` how many it has; `rate` as `10/m`, or empty."""

	name: str
	user: str
	capacity: int
	busy: int
	rate: str = ""


def candidates(db: Database, step: Step) -> list[Agent]:
	"""The enabled agents a step may go to: the one named, or all with the capability, the least busy first."""
	resource = "CONCAT('agent:', a.name)" if db.dialect == "mariadb" else "'agent:' || a.name"
	query = (
		f"SELECT a.name, a.user, a.capacity, (SELECT COUNT(*) FROM dogan_slot s WHERE s.resource = {resource}) AS busy,"
		" a.rate FROM `tabDogan Agent` a"
	)
	if step.agent:
		rows = db.sql(f"{query} WHERE a.name = %s AND a.enabled = 1", (step.agent,))
	else:
		rows = db.sql(
			f"{query} JOIN `tabDogan Agent Capability` c ON c.parent = a.name"
			f" WHERE c.capability = %s{_of_kind(step)} AND a.enabled = 1 GROUP BY a.name, a.user, a.capacity, a.rate",
			(step.capability,),
		)
	found = [
		Agent(name, user, max(int(capacity), 1), int(busy), rate or "")
		for name, user, capacity, busy, rate in rows
	]
	fit = [agent for agent in found if _may_have(step, agent.user)]
	return sorted(fit, key=lambda agent: (agent.busy / agent.capacity, agent.name))


def _of_kind(step: Step) -> str:
	"""What asks a model is for those that have one."""
	return " AND a.kind = 'AI'" if step.is_in_parts else ""


def _may_have(step: Step, user: str) -> bool:
	return step.only_as is None or step.only_as == user


def why_none(db: Database, step: Step) -> NotFound | NotAllowed | None:
	"""What is wrong when a step can never get an agent; None when one exists that is only disabled."""
	if step.agent:
		users = db.sql("SELECT user FROM `tabDogan Agent` WHERE name = %s", (step.agent,))
	else:
		users = db.sql(
			"SELECT a.user FROM `tabDogan Agent` a JOIN `tabDogan Agent Capability` c ON c.parent = a.name"
			f" WHERE c.capability = %s{_of_kind(step)}",
			(step.capability,),
		)
	if any(_may_have(step, user) for (user,) in users):
		return None
	what = f"agent named {step.agent!r}" if step.agent else f"agent with the capability {step.capability!r}"
	if users:
		return NotAllowed(
			f"There is no {what} that acts as {step.only_as}, and whoever wrote the workflow may not lend the"
			" permissions of other users. Let a System Manager write the step, or register such an agent."
		)
	return NotFound(f"There is no {what}: register one, or name another in the step.")


def user_of(db: Database, name: str) -> str | None:
	"""The user an agent acts as, or None if there is no such agent."""
	row = dialect.first(db.sql("SELECT user FROM `tabDogan Agent` WHERE name = %s", (name,)))
	return str(row[0]) if row else None


def count_enabled(db: Database, but: str = "") -> int:
	"""How many agents but this one are enabled. Locked, so that two who enable one at the same moment see each other."""
	query = "SELECT name FROM `tabDogan Agent` WHERE enabled = 1 AND name <> %s" + dialect.for_update(db)
	return len(db.sql(query, (but,)))


def every(db: Database) -> list[dict[str, Any]]:
	"""All agents with their capabilities and how busy they are."""
	abilities: dict[str, list[str]] = {}
	for parent, capability in db.sql(
		"SELECT parent, capability FROM `tabDogan Agent Capability` ORDER BY idx"
	):
		abilities.setdefault(parent, []).append(capability)
	held: dict[str, int] = dict(db.sql("SELECT resource, COUNT(*) FROM dogan_slot GROUP BY resource"))
	rows = db.sql("SELECT name, user, capacity, enabled, rate FROM `tabDogan Agent` ORDER BY name")
	return [
		{
			"name": name,
			"user": user,
			"capacity": int(capacity),
			"rate": rate or "",
			"enabled": bool(enabled),
			"busy": int(held.get(f"agent:{name}", 0)),
			"capabilities": abilities.get(name, []),
		}
		for name, user, capacity, enabled, rate in rows
	]
