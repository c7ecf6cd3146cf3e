"""The workflows of the load, and what a client may expect of a run of each: said twice, so that one checks the other."""

from itertools import chain
from typing import Any

from tests.faults.failover.checker import Place, Promise

PERSON = "person@example.com"
PEOPLE = ("ann@example.com", "ben@example.com")
ITEMS = 4
# Cut off again and again, a step may be unlucky many times in a row; that is not what is judged here.
RETRY = {"attempts": 50, "delay": 0}
LONG = 7.0  # seconds that a slow step takes: others can take it over meanwhile …
BEHIND = 5.0  # … and the step behind it, so that the run goes on while two may be at work on it
SHORT = 0.05  # seconds that the others take


def _step(
	step_id: str, action: str = "failover.append", seconds: float = SHORT, **rest: Any
) -> dict[str, Any]:
	params = {"seconds": seconds} | rest.pop("params", {})
	return {"id": step_id, "action": action, "params": params, "retry": RETRY, **rest}


_FAILS_ONCE, _FAILS = (
	{"params": {"failures": 1}},
	{"params": {"failures": 1000}, "retry": {"attempts": 2, "delay": 0}},
)

_STEPS: dict[str, list[dict[str, Any]]] = {
	"chain": [_step("a"), _step("b") | _FAILS_ONCE, _step("c"), _step("d")],
	"items": [_step("a"), _step("each", for_each=list(range(ITEMS)), max_parallel=2), _step("b")],
	"limited": [_step("a", agent="Desk"), _step("b", agent="Desk")],
	"sleeper": [
		_step("a"),
		{"id": "wait", "action": "flow.wait", "params": {"for": "0.5s"}, "retry": RETRY},
		_step("b"),
	],
	"outside": [_step("a", "failover.outside"), _step("b")],
	"choice": [_step("a"), _step("never", **{"if": "{{ false }}"}), _step("b")],
	"refused": [_step("a"), _step("b") | _FAILS, _step("c")],
}
ASKED = "asked"  # what people decide: the rest of it is judged by `deciding.judge`
_STEPS[ASKED] = [
	_step("a"),
	{
		"id": "ok",
		"action": "flow.approve",
		"params": {"to": list(PEOPLE), "subject": "Shall we?", "comment": "required"},
		"retry": RETRY,
	},
	_step("approved", after=["ok.approved"]),
	_step("rejected", after=["ok.rejected"]),
]
SLOW = "slow"
_STEPS[SLOW] = [_step("a", seconds=LONG), _step("b", seconds=BEHIND)]
# What fails each time would be disabled after twenty runs, and its client refused.
_REST: dict[str, dict[str, Any]] = {
	"limited": {"limits": {"concurrent_runs": 3}},
	"refused": {"limits": {"disable_after": 0}},
}
NAMES = tuple(name for name in _STEPS if name not in (SLOW, ASKED))

# What each promises: one place after another. What stands together comes in any order.
_ORDER: dict[str, list[list[Place]]] = {
	"chain": [[("a", 0)], [("b", 0)], [("c", 0)], [("d", 0)]],
	"items": [[("a", 0)], [("each", item) for item in range(1, ITEMS + 1)], [("b", 0)]],
	"refused": [[("a", 0)]],
	ASKED: [[("a", 0)]],
}
_OTHERWISE: list[list[Place]] = [[("a", 0)], [("b", 0)]]


def definitions() -> list[dict[str, Any]]:
	"""The workflows."""
	return [
		{"name": name, "run_as": PERSON, "steps": steps, **_REST.get(name, {})}
		for name, steps in _STEPS.items()
	]


def promise(workflow: str) -> Promise:
	"""What a client may expect of a run of it."""
	order = _ORDER.get(workflow, _OTHERWISE)
	after = {
		place: frozenset(chain.from_iterable(order[:number]))
		for number, places in enumerate(order)
		for place in places
	}
	return Promise(frozenset(after), after)
