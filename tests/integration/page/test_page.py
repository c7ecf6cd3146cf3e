"""A newcomer with a browser: builds a workflow, runs it, watches it, decides; on a phone too."""

import json
from pathlib import Path
from typing import Any

from dogansystem import Orchestrator, Sandbox
from tests.bench.browser import Browser
from tests.integration.page.conftest import keep

PANEL = ".dogan-flow-panel"
MANY = 10_000
IS_GREEN = "document.querySelector('[data-node=\"step:set\"].is-green')"
STATE = "document.querySelector('.ui-title .ui-pill').innerText"


def write(page: Browser, field: str, text: str) -> None:
	page.click(f"{PANEL} [data-field={field}] :is(input, textarea)")
	page.type(text)
	page.key("Tab")


def go(page: Browser, where: str, until: str) -> None:
	page.evaluate(f"location.hash = '{where}'")
	page.wait_for(until)


def saved(database: Path, **rest: Any) -> None:
	with Sandbox(database) as site:
		Orchestrator(site).import_workflow(rest)
		site.database.commit()


def test_a_workflow_is_built_saved_run_and_watched(page: Browser, database: Path):
	go(page, "workflow/", f"document.querySelector('{PANEL}')")
	write(page, "title", "My first one")
	page.click("[data-place='']")
	page.click(f"{PANEL} [data-pick='data.set']")
	page.click(f"{PANEL} [data-add-row]")
	page.click(f"{PANEL} .dogan-row-head input")
	page.type("answer")
	page.key("Tab")
	write(page, "answer", "fourty-two")
	page.click("[data-save]")
	page.wait_for("location.hash === '#workflow/my-first-one'")
	page.click("[data-run]:enabled")
	page.click("dialog[open] [type=submit]")
	page.wait_for(f"location.hash.startsWith('#run/') && {IS_GREEN} && {STATE} === 'Succeeded'")
	page.click("[data-node='step:set']")
	page.wait_for("document.querySelector('.ui-step[data-step=set] .ui-details pre')")
	assert "fourty-two" in page.evaluate("document.querySelector('.ui-details').innerText")
	with Sandbox(database) as site:
		steps = Orchestrator(site).export_workflow("my-first-one")["steps"]
	assert steps == [{"id": "set", "action": "data.set", "params": {"answer": "fourty-two"}}]


def test_what_the_tour_has_done_is_seen_on_its_pictures(tour: None, page: Browser):
	go(page, "runs/follow-up-quotations", "document.querySelector('.ui-table td a')")
	page.click(".ui-table td a")
	page.wait_for("document.querySelectorAll('.dogan-node.is-step.is-green').length === 3")
	assert "2 of 2 items" in page.evaluate("document.querySelector('.dogan-run-canvas').innerText")
	keep(page, "ui")


def test_text_is_completed_and_what_is_wrong_is_marked_on_its_line(page: Browser, database: Path):
	saved(database, name="try", steps=[{"id": "first", "action": "data.set", "params": {"x": 1}}])
	go(page, "workflow/try", "document.querySelector('[data-view=yaml]')")
	page.click("[data-view=yaml]")
	area = "document.querySelector('.ui-editor textarea')"
	page.wait_for(f"{area}.value.includes('first')")
	page.evaluate(f"{area}.focus(), {area}.setSelectionRange(1e6, 1e6)")
	page.type("- id: second\n  acti")
	page.key("Enter")
	page.type("document.comm")
	page.key("Enter")
	page.type("\n  params:\n    doct")
	page.key("Enter")
	page.type("ToDo\n")
	page.wait_for("document.querySelectorAll('.ui-editor .is-wrong').length")
	text = page.evaluate(f"{area}.value")
	assert text.endswith("  action: document.comment\n  params:\n    doctype: ToDo\n")
	marked = page.evaluate(
		"[...document.querySelectorAll('.ui-editor .is-wrong')].map((each) => each.innerText.trim())"
	)
	assert marked == [str(text[: text.rindex("  params:")].count("\n") + 1)]
	page.click("[data-save]")
	page.wait_for("document.querySelector('.dogan-error[role=alert]')")
	assert "name" in page.evaluate("document.querySelector('[role=alert]').innerText")
	page.complaints.clear()  # a browser notes that it was refused


def test_an_approval_is_decided_on_a_phone(page: Browser, database: Path):
	ask = {"id": "ok", "action": "flow.approve", "params": {"to": "cfo@example.com", "subject": "Shall we?"}}
	saved(database, name="try", steps=[ask])
	page.resize(390, 844)
	go(page, "workflow/try", "document.querySelector('[data-run]')")
	page.click("[data-run]:enabled")
	page.click("dialog[open] [type=submit]")
	page.wait_for("document.querySelector('.ui-step a[href^=\"#approvals/\"]')")
	page.click(".ui-step a[href^='#approvals/']")
	page.click("[data-decide=approved]")
	page.wait_for("document.querySelector('[role=status]')?.innerText === 'Shall we?: approved.'")
	assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_ten_thousand_items_are_counted_and_read_a_page_at_a_time(page: Browser, database: Path):
	each = {
		"id": "each",
		"for_each": f"{{{{ range({MANY}) | list }}}}",
		"max_parallel": 500,
		"action": "data.set",
	}
	saved(database, name="try", steps=[{**each, "params": {"x": "{{ item }}"}}])
	with Sandbox(database) as site:
		run = Orchestrator(site).start_run("try")
		site.database.commit()
	go(page, f"run/{run}", "document.querySelector('.ui-step')")
	page.wait_for(f"{STATE} === 'Succeeded'", seconds=120)
	page.click(".ui-step-title")
	page.wait_for("document.querySelectorAll('.ui-items tr').length === 50")
	page.click("[data-next]")
	page.wait_for("document.querySelector('.ui-items td').innerText === '50'")
	assert f"{MANY} of {MANY} items" in page.evaluate(
		"document.querySelector('[data-node]').innerText + document.querySelector('.dogan-run-canvas').innerText"
	)
	assert page.evaluate("document.querySelectorAll('*').length") < 1000


EXAMPLES = Path(__file__).parents[3] / "examples"


def test_what_an_ai_agent_did_is_seen_turn_by_turn(page: Browser, database: Path):
	with Sandbox(database, user="sales@example.com") as site:
		lines = (EXAMPLES / "data" / "sort-mail.jsonl").read_text().splitlines()
		mail = json.loads((EXAMPLES / "data" / "mail.json").read_text())
		site.load_documents([mail, *map(json.loads, lines)])
		Orchestrator(site).import_workflow((EXAMPLES / "sort-mail.yaml").read_text())
		run = Orchestrator(site).start_run("sort-mail", document=mail)
		site.database.commit()
	go(page, f"run/{run}", f"{STATE} === 'Succeeded'")
	page.wait_for("document.querySelector('[data-node=\"step:sort\"]')?.innerText.includes('2 turns')")
	page.click(".ui-step[data-step=sort] .ui-step-title")
	page.wait_for("document.querySelectorAll('.ui-step[data-step=sort] .ui-turn').length === 2")
	assert page.evaluate("document.querySelectorAll('.ui-turn[open]').length") == 0
	page.evaluate(
		"document.querySelectorAll('.ui-step[data-step=sort] details').forEach((each) => (each.open = true))"
	)
	text = page.evaluate("document.querySelector('.ui-step[data-step=sort]').innerText")
	for said in (
		"Mail Sorter",
		"2 of 12 turns",
		"document_list",
		"nadia@fern.example.com",
		"We do not know them",
	):
		assert said in text
	keep(page, "ui-agent")
	page.resize(390, 844)
	assert not page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
	keep(page, "ui-agent-phone")
