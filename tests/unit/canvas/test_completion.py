"""What the YAML view offers at the place that is marked with | in a text."""

from typing import Any

import pytest

from dogansystem import Sandbox
from dogansystem.actions import editing
from tests.unit.canvas.model import call, needs_node

pytestmark = needs_node

STEPS = """name: try
triggers:
- on: document
  doctype: ToDo
steps:
- id: list
  action: document.list
  params:
    doctype: User
- id: ok
  title: Ask somebody
  action: flow.approve
  params: {to: a@example.com, subject: Shall we?}
"""


@pytest.fixture(scope="module")
def vocabulary() -> dict[str, Any]:
	with Sandbox() as site:
		return editing.vocabulary(site)


def offered(vocabulary: dict[str, Any], text: str) -> list[str]:
	before, _, after = text.partition("|")
	row, column = before.count("\n"), len(before) - before.rfind("\n") - 1
	with Sandbox() as site:
		definition = editing.from_text(site, STEPS)["definition"]  # as it could last be read
	[found] = call([["complete", "completions", before + after, row, column, vocabulary, definition]])
	return [each["value"] for each in found]


KEYS = {
	"at the top": ("name: try\ntit|\n", ["title: "]),
	"what is there is not offered again": ("name: try\nnam|\n", []),
	"of a step, what it needs first": ("steps:\n- |\n", ["id: ", "action: "]),
	"of a step, behind its dash": ("steps:\n- id: a\n  acti|\n", ["action: "]),
	"of a step, above its other keys": ("steps:\n- id: a\n  acti|\n  title: x\n", ["action: "]),
	"of a step, indented more": ("steps:\n  - id: a\n    for_|\n", ["for_each: "]),
	"of an action's parameters": (STEPS + "- id: x\n  action: document.comment\n  params:\n    te|\n", ["text: "]),
	"though its action stands below": ("steps:\n- id: x\n  params:\n    te|\n  action: document.comment\n", ["text: "]),
	"in brackets": (STEPS + "- {id: x, action: document.comment, params: {doctype: ToDo, te|\n", ["text: "]),
	"in brackets, of a step": (STEPS + "- {id: x, acti|\n", ["action: "]),
	"of a trigger's kind": ("triggers:\n- on: schedule\n  cr|\nsteps: []\n", ["cron: "]),
	"of retry": ("steps:\n- id: a\n  retry:\n    att|\n", ["attempts: "]),
	"of what undoes": ("steps:\n- id: a\n  action: data.set\n  compensate:\n    action: document.tag\n    params:\n      ta|\n", ["tag: "]),
	"of limits": ("limits:\n  when|\nsteps: []\n", ["when_full: "]),
}  # fmt: skip

VALUES = {
	"actions": ("steps:\n- id: a\n  action: document.conv|\n", ["document.convert"]),
	"actions in brackets": ("steps:\n- {id: a, action: document.conv|\n", ["document.convert"]),
	"kinds of triggers": ("triggers:\n- on: sched|\n", ["schedule"]),
	"choices": ("steps:\n- id: a\n  when: fai|\n", ["failed"]),
	"choices of a parameter": (STEPS + "- id: x\n  action: flow.stop\n  params:\n    status: Fa|\n", ["Failed"]),
	"events": ("triggers:\n- on: document\n  event: subm|\n", ["submitted"]),
	"steps": (STEPS + "- id: x\n  after: [li|\n", ["list"]),
	"steps with their branches": (STEPS + "- id: x\n  after: [ok.|\n", ["ok.approved", "ok.rejected", "ok.expired"]),
	"steps in a list": (STEPS + "- id: x\n  after:\n  - li|\n", ["list"]),
	"steps in templates": (STEPS + "- id: x\n  action: data.set\n  params: {x: '{{ steps.l|\n", ["list"]),
}  # fmt: skip

NOTHING = {
	"in a text": "steps:\n- id: a\n  action: document.comment\n  params:\n    text: |\n",
	"in lines of a text": "steps:\n- id: a\n  action: document.comment\n  params:\n    text: >\n      doct|\n",
	"in a comment": "# nam|\nname: x\n",
	"of an unknown action": "steps:\n- id: a\n  action: nothing.at.all\n  params:\n    x|\n",
}


@pytest.mark.parametrize(("text", "wanted"), KEYS.values(), ids=KEYS.keys())
def test_keys_are_offered(vocabulary: dict[str, Any], text: str, wanted: list[str]):
	assert offered(vocabulary, text)[: max(len(wanted), 1)] == wanted


@pytest.mark.parametrize(("text", "wanted"), VALUES.values(), ids=VALUES.keys())
def test_values_are_offered(vocabulary: dict[str, Any], text: str, wanted: list[str]):
	assert offered(vocabulary, text) == wanted


@pytest.mark.parametrize("text", NOTHING.values(), ids=NOTHING.keys())
def test_where_anything_may_stand_nothing_is_offered(vocabulary: dict[str, Any], text: str):
	assert offered(vocabulary, text) == []


def test_every_place_of_every_text_can_be_asked(vocabulary: dict[str, Any]):
	calls = [
		["complete", "completions", STEPS, row, column, vocabulary, None]
		for row, line in enumerate(STEPS.split("\n"))
		for column in range(0, len(line) + 1, 3)
	]
	assert len(call(calls)) == len(calls)
