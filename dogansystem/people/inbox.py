"""What people see beside an approval that waits for them: how it came to them, and what their decision lets go on."""

from collections.abc import Mapping
from typing import Any

from dogansystem.engine import approvals as rules_of
from dogansystem.engine.definition import Definition, Step
from dogansystem.protocol import Site
from dogansystem.store import approvals, reads, versions

BRANCHES = {
	rules_of.APPROVE: (rules_of.APPROVED, rules_of.REJECTED),
	rules_of.ASK: (rules_of.ANSWERED,),
}


def around(site: Site, approval: Mapping[str, Any], user: str) -> dict[str, Any]:
	"""What `user` may know about an approval as `seeing.get` gives it.

	`workflow_title`; `role`: the role by which it was put to somebody, or None; `passed_by`: who gave it to them, or None;
	`goes_on`: for each decision the titles of the steps that it lets go on, empty if the run has no more to do there. `is_call`:
	it is whether a call of an AI agent is made, which goes on itself.
	Raises UnreadableVersion.
	"""
	db = site.database
	definition = versions.load(site, reads.version_of_run(db, approval["run"]))
	branches = BRANCHES[approval["kind"]]
	return {
		"workflow_title": definition.title or definition.name,
		"role": _role(site, approval, definition),
		"passed_by": _passed_by(approval, user),
		"is_call": approval["step"] in definition.by_id and definition.by_id[approval["step"]].is_in_parts,
		"goes_on": {branch: going_on(definition, approval["step"], branch) for branch in branches},
	}


def going_on(definition: Definition, step: str, branch: str) -> list[str]:
	"""The titles of the steps that follow a step once it has ended in a branch."""
	return [each.title or each.id for each in definition.steps if _follows(each, step, branch)]


def _follows(each: Step, step: str, branch: str) -> bool:
	return step in each.after and each.when != "failed" and each.is_taken(step, branch)


def _role(site: Site, approval: Mapping[str, Any], definition: Definition) -> str | None:
	"""The role that is named, for those to whom it was not passed on."""
	if approval["escalated"]:
		roles = (approvals.read(site.database, approval["approval"]).escalation or {}).get("roles")
		return roles[0] if roles else None
	step = definition.by_id.get(approval["step"])
	to = step.params.get("to") if step else None
	role = to.get("role") if isinstance(to, Mapping) else None
	return role if isinstance(role, str) and "{{" not in role and "{%" not in role else None


def _passed_by(approval: Mapping[str, Any], user: str) -> str | None:
	whose = approval.get("for") or user
	asked = (each for each in approval["approvers"] if each["state"] == rules_of.ASKED)
	return next((each["passed_by"] for each in asked if rules_of.same(each["user"], whose)), None)
