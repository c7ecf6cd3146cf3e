"""Random workflows: every way in which steps can depend on each other, with limits, agents, retries and items."""

from random import Random
from typing import Any

PERSON = "person@example.com"
AGENTS = {"Desk": 1, "Mail": 2, "Spare": 1}  # with their capacities
CAPABILITIES = {"Desk": ["desk"], "Mail": ["mail", "any"], "Spare": ["any"]}
ERRORS = ("ConnectionError", "Timeout", "ValidationError")  # the last one is never retried
MAX_STEPS = 6
ASKING = "asking"  # in which people are asked most of the time
BELOW = "below"  # what steps run: it has no limit, or its runs would wait for the slot of those that wait for them
DOCTYPE, DOCUMENTS = "Lead", ("L-1", "L-2", "L-3", "L-4")  # what batches are for
SIGNALS = ("paid", "seen")  # what steps wait for
CHOOSES = {
	"action": "flow.choose",
	"params": {"cases": [{"name": "yes", "if": True}, {"name": "no", "if": True}]},
}
WAITS_FOR_SIGNAL = {"action": "flow.wait_for", "params": {"signal": "paid"}}
WAITS_AT_MOST = {"action": "flow.wait_for", "params": {"signal": "seen", "deadline": "10m"}}
RUNS_ANOTHER = {"action": "flow.run", "if": "{{ true }}", "params": {"workflow": BELOW}}
PEOPLE = tuple(f"{name}@example.com" for name in ("ann", "ben", "cam", "dee"))  # the last one is never asked
ASKS = {
	"action": "flow.ask",
	"params": {"to": list(PEOPLE[:2]), "subject": "Why?", "fields": [{"name": "why"}], "deadline": "2h"},
}
BRANCHES = {
	"flow.choose": ("yes", "no", "else"),
	"flow.wait_for": ("received", "expired"),
	"flow.approve": ("approved", "rejected", "expired"),
	"flow.ask": ("answered", "expired"),
}
# It hears of the ends of all others, and fails itself now and then.
WATCHER: dict[str, Any] = {
	"name": "watcher",
	"run_as": PERSON,
	"limits": {"disable_after": 0},
	"triggers": [{"on": "run", "workflow": "*", "status": ["Failed", "Cancelled"]}],
	"steps": [{"id": "s0", "action": "data.set", "params": {"of": "{{ trigger.run.name }}"}}],
}
WATCHED_ENDS = frozenset({"Failed", "Cancelled"})


def workflow(chance: Random, name: str) -> dict[str, Any]:
	"""A definition as plain data. Every one passes the check; what its actions do is decided by the simulation."""
	make = _asking_step if name == ASKING else _plain_step if chance.random() < 0.4 else _step
	steps = [make(chance, number) for number in range(chance.randint(1, MAX_STEPS))]
	if chance.random() < 0.5:
		for step in steps:
			_let_undo(chance, step)
	for step in steps:
		if name == BELOW and step["action"] == "flow.run":
			step |= {"action": "data.set", "params": {}}
		_name_branches(chance, step, {each["id"]: each for each in steps})
	definition: dict[str, Any] = {"name": name, "run_as": PERSON, "steps": steps}
	if chance.random() < 0.5 and name != BELOW:
		definition["limits"] = _limits(chance)
	if chance.random() < 0.3:
		wrong = chance.random() < 0.2
		definition["output"] = {
			"first": "{{ steps.s0.output.nothing }}" if wrong else "{{ steps.s0.status }}"
		}
	return definition


def _limits(chance: Random) -> dict[str, Any]:
	limits: dict[str, Any] = {}
	if chance.random() < 0.8:
		limits["concurrent_runs"] = chance.randint(1, 2)
		limits["when_full"] = chance.choice(["queue", "skip", "replace"])
		if chance.random() < 0.4:
			limits["key"] = "{{ input.customer }}"
	if chance.random() < 0.3:
		limits["run_timeout"] = chance.choice(["1m", "10m", "2h"])
	return limits or {"concurrent_runs": 1}


def _plain_step(chance: Random, number: int) -> dict[str, Any]:
	"""A step of a sequence, the most usual one: what follows from its end is decided without a look at the run."""
	step: dict[str, Any] = {"id": f"s{number}", "action": "data.set"}
	if chance.random() < 0.2:
		step |= {"for_each": "{{ input.items }}"}
	return step


def _asking_step(chance: Random, number: int) -> dict[str, Any]:
	step = _plain_step(chance, number)
	return (
		step | chance.choice([ASKS, _approves(chance), _approves(chance)]) if chance.random() < 0.8 else step
	)


def _step(chance: Random, number: int) -> dict[str, Any]:
	step: dict[str, Any] = {"id": f"s{number}", "action": "data.set", "priority": chance.randint(0, 9)}
	waits = _after(chance, number)
	if chance.random() < 0.35:
		step |= chance.choice(
			[CHOOSES, WAITS_FOR_SIGNAL, WAITS_AT_MOST, RUNS_ANOTHER, ASKS, _approves(chance)]
		)
	if waits is not None:
		step["after"] = waits
	if number and waits != []:
		step["when"] = chance.choice(["succeeded"] * 4 + ["failed", "done"])
		step["join"] = chance.choice(["all", "all", "any"])
	if chance.random() < 0.2:
		step["if"] = "{{ true }}"
	if chance.random() < 0.3 and step["action"] != "flow.choose":
		step["for_each"] = "{{ input.items }}"
		step["max_parallel"] = chance.randint(1, 3)
	if chance.random() < 0.2:
		step["agent"] = chance.choice(list(AGENTS))
	elif chance.random() < 0.15:
		step["capability"] = chance.choice(["mail", "any"])
	if chance.random() < 0.5:
		step["retry"] = {
			"attempts": chance.randint(1, 3),
			"delay": chance.choice(["0s", "5s", "1m"]),
			"backoff": chance.choice(["fixed", "linear", "exponential"]),
			"jitter": chance.random() < 0.3,
		}
	if chance.random() < 0.3:
		step["on_error"] = "continue"
	return step


def _approves(chance: Random) -> dict[str, Any]:
	"""A step that asks up to three people."""
	params: dict[str, Any] = {"to": chance.sample(PEOPLE[:3], chance.randint(1, 3)), "subject": "Shall we?"}
	params["needs"] = chance.choice([1, 1, "all"])
	params["rejects"] = chance.choice(["first", "all"])
	if chance.random() < 0.5:
		params |= {
			"deadline": chance.choice(["10m", "2h"]),
			"at_deadline": chance.choice(["expire", "approve", "reject"]),
		}
		if chance.random() < 0.3:
			params |= {"at_deadline": "escalate", "escalate_to": {"to": PEOPLE[2], "deadline": "1h"}}
	if chance.random() < 0.3:
		params["remind"] = "30m"
	return {"action": "flow.approve", "params": params}


def let_agents_do(chance: Random, definition: dict[str, Any]) -> None:
	"""Let AI agents do many of the steps that do nothing else."""
	for step in definition["steps"]:
		if step["action"] == "data.set" and chance.random() < 0.6:
			step |= {"action": "agent.ask", "params": {"prompt": "Do it"}}
			step.pop("capability", None)
			step.setdefault("agent", chance.choice(list(AGENTS)))


def _let_undo(chance: Random, step: dict[str, Any]) -> None:
	"""Give most steps of a workflow something that undoes them."""
	if chance.random() < 0.8:
		step["compensate"] = {"action": "data.set"}
		if chance.random() < 0.5:
			step["compensate"]["retry"] = {"attempts": 2, "delay": "1m"}


def _name_branches(chance: Random, step: dict[str, Any], by_id: dict[str, dict[str, Any]]) -> None:
	"""Let a step wait for a branch of those before it, now and then."""
	if step.get("when", "succeeded") != "succeeded":
		return
	for place, name in enumerate(step.get("after", [])):
		branches = () if "for_each" in by_id[name] else BRANCHES.get(by_id[name]["action"], ())
		if branches and chance.random() < 0.7:
			step["after"][place] = f"{name}.{chance.choice(branches)}"


def _after(chance: Random, number: int) -> list[str] | None:
	"""What a step waits for; None leaves the key out: the step before it."""
	if not number or chance.random() < 0.4:
		return None
	count = chance.randint(0, min(number, 3))
	return sorted(f"s{each}" for each in chance.sample(range(number), count))
