"""What is asked: workflows in which people decide, and what a run of each must have left in the end."""

from typing import Any

from tests.faults.load import PERSON, RETRY, effect

ANN, BEN, CAM = PEOPLE = tuple(f"{name}@example.com" for name in ("ann", "ben", "cam"))
SOON = 1.5  # seconds until a deadline that competes with those who decide
ITEMS = 3
PAID = "paid"  # the signal, with the run's name as its key
SIGNALLED = "signalled"
TOKEN = {"name": "token", "label": "Token", "type": "Data", "required": True}


def _asks(step_id: str = "ok", action: str = "flow.approve", **params: Any) -> dict[str, Any]:
	rest = {key: params.pop(key) for key in ("for_each", "max_parallel") if key in params}
	given = {"to": list(PEOPLE), "subject": "Shall we, {{ run.name }}?", "comment": "required", **params}
	if action == "flow.ask":
		del given["comment"]
	return {"id": step_id, "action": action, "params": given, "retry": RETRY, **rest}


def _both_ways(*before: dict[str, Any]) -> list[dict[str, Any]]:
	"""These steps, the last of which asks, and one behind each of its branches."""
	return [
		*before,
		effect("approved", after=["ok.approved"]),
		effect("rejected", after=["ok.rejected"]),
		effect("expired", after=["ok.expired"]),
	]


def _shows(step_id: str, token: str) -> dict[str, Any]:
	"""A step with an effect, whose output shows the token."""
	return effect(step_id) | {"params": {"token": token}}


_STEPS: dict[str, list[dict[str, Any]]] = {
	"one": _both_ways(effect("a"), _asks()),
	"two": _both_ways(_asks(needs=2)),
	"soon": _both_ways(_asks(needs=3, deadline=SOON)),
	"form": [
		_asks("ok", "flow.ask", fields=[TOKEN]),
		_shows("answered", "{{ steps.ok.output['values'].token }}"),
	],
	"each": [_asks(for_each=list(range(ITEMS)), max_parallel=2), effect("then")],
	"undone": [
		effect("a") | {"compensate": {"action": "fault.effect", "params": {}, "retry": RETRY}},
		*_both_ways(_asks()),
		{"id": "no", "after": ["rejected"], "action": "flow.stop", "params": {"status": "Failed"}},
	],
	"parent": [
		{"id": "sub", "action": "flow.run", "params": {"workflow": "one"}, "retry": RETRY},
		effect("then"),
	],
	SIGNALLED: [
		effect("a"),
		{
			"id": "wait",
			"action": "flow.wait_for",
			"params": {"signal": PAID, "key": "{{ run.name }}"},
			"retry": RETRY,
		},
		_shows("b", "{{ steps.wait.output.token }}"),
	],
}
NAMES = tuple(_STEPS)
NEEDS = {"two": 2, "soon": 3, "form": 0}  # how many have to approve; else one

# What has an effect in every run that succeeds, beside the branches.
_ALWAYS = {"one": ["a"], "each": ["then"], "undone": ["a"], "parent": ["then"], SIGNALLED: ["a", "b"]}
UNDONE = "a.-1"  # the step run by which `a` is undone


def definitions() -> list[dict[str, Any]]:
	"""The workflows."""
	return [{"name": name, "run_as": PERSON, "steps": steps} for name, steps in _STEPS.items()]


def always(workflow: str, status: str) -> list[str]:
	"""The step runs that leave an effect in a run that ended so, whatever people have decided."""
	return [*_ALWAYS.get(workflow, ()), *([UNDONE] if workflow == "undone" and status == "Failed" else ())]
