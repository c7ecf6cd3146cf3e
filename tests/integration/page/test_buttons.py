"""Every button of the page, in each state that has it; and what axe-core finds on each of its pages."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dogansystem import Orchestrator, Sandbox
from tests.bench import axe
from tests.bench.browser import Browser
from tests.integration.page.test_page import PANEL, STATE, go, saved

WAIT = {"id": "wait", "action": "flow.wait", "params": {"for": "1h"}}
SET = {"id": "set", "action": "data.set", "params": {"x": 1}}
FAIL = {
	"id": "fail",
	"action": "data.check",
	"params": {"that": False, "message": "not so"},
	"after": ["set"],
}
ASK = {
	"id": "how_much",
	"action": "flow.ask",
	"params": {
		"to": "cfo@example.com",
		"subject": "How much?",
		"fields": [{"name": "limit", "type": "Float", "required": True}],
	},
}
TITLE = "document.querySelector('.ui-title').innerText"


def button(page: Browser, label: str, within: str = "document") -> None:
	"""Press a button or link by what stands on it."""
	found = f"[...{within}.querySelectorAll('button, a.btn')].find((each) => each.innerText.trim() === {json.dumps(label)} && !each.disabled)"
	page.wait_for(found)
	page.evaluate(f"!!{found}.click()")


def started(database: Path, name: str) -> str:
	with Sandbox(database) as site:
		run = Orchestrator(site).start_run(name, even_disabled=True)
		site.database.commit()
	return run


def ends_of(database: Path, run: str) -> list[str | None]:
	"""When each step of a run has ended."""
	with Sandbox(database) as site:
		return [each["finished_at"] for each in Orchestrator(site).get_run(run)["steps"]]


def wait_for_another_end(database: Path, run: str, before: list[str | None], seconds: float = 40.0) -> None:
	"""Wait until the last step of a run has ended once more."""
	until = time.monotonic() + seconds
	while ends_of(database, run)[-1] in (None, before[-1]):
		assert time.monotonic() < until, f"{run} has not failed again within {seconds:.0f} seconds"
		time.sleep(0.1)


def is_in(page: Browser, state: str) -> None:
	page.wait_for(f"{STATE} === '{state}'")


def steps_of(database: Path, name: str) -> list[dict[str, Any]]:
	with Sandbox(database) as site:
		return list(Orchestrator(site).export_workflow(name)["steps"])


def test_a_workflow_is_enabled_given_parameters_and_left(page: Browser, database: Path):
	parameters = {"days": {"type": "integer", "title": "Days", "default": 3}}
	saved(database, name="try", steps=[SET], parameters=parameters)
	go(page, "workflow/try", "document.querySelector('[data-run]')")
	button(page, "Disable")
	page.wait_for(f"{TITLE}.includes('Disabled')")
	button(page, "Enable")
	page.wait_for(f"!{TITLE}.includes('Disabled')")
	button(page, "Parameters")
	page.click("dialog[open] [name=days]")
	page.evaluate("document.activeElement.select()")
	page.type("5")
	page.click("dialog[open] [type=submit]")
	page.wait_for("!document.querySelector('dialog[open]')")
	with Sandbox(database) as site:
		assert {each["name"]: each["value"] for each in Orchestrator(site).get_parameters("try")} == {
			"days": 5
		}
	button(page, "Parameters")
	page.wait_for("document.querySelector('dialog[open] [name=days]').value === '5'")
	button(page, "Close", "document.querySelector('dialog[open]')")
	page.wait_for("!document.querySelector('dialog[open]')")
	button(page, "Runs")
	page.wait_for("document.querySelector('h1').innerText === 'Runs of try'")
	button(page, "To the workflow")
	page.wait_for("document.querySelector('[data-run]')")


def test_steps_are_copied_pasted_deleted_undone_and_found(page: Browser, database: Path):
	saved(database, name="try", steps=[SET])
	go(page, "workflow/try", "document.querySelector('[data-node=\"step:set\"]')")
	page.click("[data-node='step:set']")
	steps = "document.querySelectorAll('.dogan-node.is-step').length"
	button(page, "Copy")
	button(page, "Paste")
	page.wait_for(f"{steps} === 2")
	page.click("[data-undo]")
	page.wait_for(f"{steps} === 1")
	page.click("[data-redo]")
	page.wait_for(f"{steps} === 2")
	page.click(".dogan-node.is-step:not([data-node='step:set'])")
	page.click("[data-delete]")
	page.wait_for(f"{steps} === 1")
	for label in ("+", "−", "Fit"):
		button(page, label)
	page.click("[data-node='step:set']")
	page.click("[data-change-action]")
	page.click(f"{PANEL} [data-pick='document.comment']")
	page.wait_for("document.querySelector('.dogan-flow-problems')")
	page.click(".dogan-flow-problems")
	page.click("[data-undo]")
	page.wait_for("!document.querySelector('.dogan-flow-problems')")
	assert steps_of(database, "try") == [SET], "nothing is kept before Save"


def test_a_template_is_opened_and_kept(page: Browser, database: Path):
	page.evaluate(
		"!![...document.querySelectorAll('.ui-templates a')].find((each) => each.hash.endsWith('overdue-invoices')).click()"
	)
	page.wait_for(
		"location.hash.startsWith('#workflow/template:') && document.querySelector('[data-save]:enabled')"
	)
	page.click("[data-save]")
	page.wait_for("!location.hash.includes('template:') && document.querySelector('[data-run]:enabled')")
	page.wait_for(f"{TITLE}.includes('Disabled')")


def test_a_run_is_paused_resumed_cancelled_and_retried(page: Browser, database: Path):
	saved(database, name="try", steps=[WAIT])
	go(page, f"run/{started(database, 'try')}", "document.querySelector('.ui-step')")
	is_in(page, "Waiting")
	button(page, "Pause")
	is_in(page, "Paused")
	button(page, "Resume")
	is_in(page, "Waiting")
	button(page, "Cancel run")
	button(page, "Close", "document.querySelector('dialog[open]')")
	page.wait_for("!document.querySelector('dialog[open]')")
	button(page, "Cancel run")
	page.click("dialog[open] [type=submit]")
	is_in(page, "Cancelled")
	button(page, "Retry")
	is_in(page, "Waiting")
	button(page, "To the workflow")
	page.wait_for("document.querySelector('[data-run]')")


def test_a_dialog_that_is_closed_can_be_opened_again_at_once(page: Browser, database: Path):
	saved(database, name="try", steps=[WAIT])
	go(page, f"run/{started(database, 'try')}", "document.querySelector('.ui-step')")
	button(page, "Cancel run")
	page.wait_for("document.querySelector('dialog[open]')")
	page.evaluate("""{
		const with_text = (within, text) => [...within.querySelectorAll("button")].find((each) => each.innerText === text);
		const opens = with_text(document.querySelector(".ui-title"), "Cancel run");
		with_text(document.querySelector("dialog"), "Close").click();
		Promise.resolve().then(() => Promise.resolve()).then(() => opens.click());
	}""")
	page.click("dialog[open] [type=submit]")
	is_in(page, "Cancelled")


def test_a_failed_run_is_retried_from_a_step_that_is_chosen(page: Browser, database: Path):
	saved(database, name="try", steps=[SET, FAIL])
	run = started(database, "try")
	go(page, f"run/{run}", "document.querySelectorAll('.ui-step').length === 2")
	is_in(page, "Failed")
	assert "not so" in page.evaluate(
		"document.querySelector('.ui-step[data-step=fail] .dogan-error').innerText"
	)
	for number, retry in enumerate(
		(
			lambda: button(page, "Retry from here", "document.querySelector('.ui-step[data-step=set]')"),
			lambda: page.click("[data-retry]"),
		)
	):
		before = ends_of(database, run)
		retry()
		wait_for_another_end(database, run, before)
		assert (ends_of(database, run)[0] != before[0]) is (number == 0), "the first step is done again once"
		is_in(page, "Failed")
	go(page, "runs", "document.querySelector('.ui-table td a')")
	page.evaluate(
		"((list) => (list.value = 'Cancelled', !!list.dispatchEvent(new Event('change'))))(document.querySelector('.ui-filter'))"
	)
	page.wait_for("document.querySelector('main').innerText.includes('There are no such runs')")


def test_an_ask_is_answered_and_an_approval_rejected(page: Browser, database: Path):
	approve = {
		"id": "ok",
		"action": "flow.approve",
		"params": {"to": "cfo@example.com", "subject": "Shall we?"},
	}
	saved(database, name="try", steps=[ASK, {**approve, "after": ["how_much"]}])
	run = started(database, "try")
	go(page, "approvals", "document.querySelector('[data-decide=answered]')")
	page.click("[data-decide=answered]")
	page.wait_for("document.querySelector('article [role=alert]')?.innerText.includes('limit')")
	page.click("article [name=limit]")
	page.type("5.5")
	page.click("[data-decide=answered]")
	page.wait_for("document.querySelector('[data-decide=rejected]')")
	page.click("[data-decide=rejected]")
	page.wait_for("document.querySelector('[role=status]')?.innerText === 'Shall we?: rejected.'")
	with Sandbox(database) as site:
		assert Orchestrator(site).get_run(run)["steps"][0]["output"]["values"] == {"limit": 5.5}
	page.complaints.clear()  # a browser notes that it was refused


@pytest.fixture
def pages(database: Path) -> Iterator[list[tuple[str, str]]]:
	"""Where each page is, and what is there once it is drawn."""
	saved(database, name="ask", steps=[ASK])
	saved(database, name="fail", steps=[SET, FAIL])
	started(database, "ask")
	run = started(database, "fail")
	yield [
		("", ".ui-templates li"),
		("workflow/fail", "[data-node]"),
		("runs", ".ui-table td a"),
		(f"run/{run}", ".ui-step .dogan-error"),
		("approvals", "[data-decide]"),
	]


@pytest.mark.parametrize("width", [1400, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_serious_keeps_people_from_using_it(
	page: Browser, pages: list[tuple[str, str]], width: int, scheme: str
):
	page.resize(width, 900)
	page._page("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
	for where, there in pages:
		go(page, where, f"document.querySelector('{there}')")
		assert page.evaluate("document.documentElement.scrollWidth") <= width, where
		if axe.script():
			# Its own way in is a policy that lets no script be put into the page but by the debugger.
			assert axe.findings(page, "body") == [], where
