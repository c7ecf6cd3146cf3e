"""How fast pages open: a workflow of 500 steps, a run of 10,000 items, every page of ours beside a million step runs, and what
the app adds to a form that it has nothing to do with."""

import json
import zlib
from collections.abc import Iterator
from typing import Any

import frappe

from dogansystem.store import history
from dogansystem.tests.contract.home import PERSON, step
from tests.bench.desk import DeskTestCase, form_of

STEPS = 500
ITEMS = 10_000
MANY = 1_000_000  # step runs
WITHIN = 1.0  # seconds
STEP = "[data-node^='step:']"
LIST = "window.cur_list && cur_list.doctype === 'Dogan Workflow' && !cur_list.$freeze?.is(':visible')"
# Seconds from the wish for a page until what it is for can be seen; and of those, how long the page's own thread was busy, which
# no other program on the machine makes longer.
OPEN = """(async (route, there) => {
	const began = performance.now();
	frappe.set_route(...route);
	while (!there()) await new Promise((resolve) => setTimeout(resolve, 5));
	return (performance.now() - began) / 1000;
})"""
BUSY = "TaskDuration"


def branching(count: int) -> list[dict[str, Any]]:
	"""Steps of which four at a time follow one and lead to the next."""
	steps: list[dict[str, Any]] = [{"id": "s0", "action": "data.set", "params": {"x": 1}}]
	while len(steps) < count:
		before = steps[-1]["id"]
		beside = [f"s{number}" for number in range(len(steps), min(len(steps) + 4, count))]
		takes = {"action": "data.set", "params": {"x": f"{{{{ steps.{before}.output.x }}}}"}}
		steps += [{"id": each, "title": f"Step {each}", "after": [before], **takes} for each in beside]
		if len(steps) < count:
			steps.append({"id": f"s{len(steps)}", "after": beside, "action": "data.set", "params": {"x": 1}})
	return steps


class SpeedTestCase(DeskTestCase):
	def tell(self, title: str, **figures: float) -> None:
		print(f"\n{title}: {', '.join(f'{name} {value:.3g}' for name, value in figures.items())}", flush=True)

	def open_list(self) -> None:
		self.visit("dogan-workflow", LIST)

	def opened(self, doctype: str, name: str, selector: str) -> tuple[float, float]:
		every = (
			f"[...document.querySelectorAll({json.dumps(selector)})]"  # forms that were left are still there
		)
		seen = f"{every}.some((each) => each.getClientRects().length)"
		return self.reached(["Form", doctype, name], f"window.cur_frm?.docname === {name!r} && {seen}")

	def reached(self, route: list[str], there: str) -> tuple[float, float]:
		"""Go there; gives the seconds it took, and those that the page was busy."""
		before = self.busy()
		took = float(self.browser.evaluate(f"{OPEN}({json.dumps(route)}, () => {there})"))
		return took, self.busy() - before

	def assert_within(self, title: str, took: list[tuple[float, float]]) -> None:
		seconds, busy = min(took), min(each for _, each in took)
		self.tell(f"{title} opens", seconds=seconds[0], busy=busy)
		self.assertLess(busy, WITHIN)

	def busy(self) -> float:
		return next(value for name, value in self.browser.metrics().items() if name == BUSY)

	def seconds(self, expression: str) -> float:
		"""How long an expression takes, or what it promises; the best of three."""
		timed = f"(async () => {{ const began = performance.now(); await ({expression}); return performance.now() - began; }})()"
		return min(float(self.browser.evaluate(timed)) for _ in range(3)) / 1000


class TestALargeWorkflow(SpeedTestCase):
	def test_a_workflow_of_500_steps_opens_within_a_second(self):
		names = ("contract-large", "contract-large-too", "contract-large-three")
		for name in names:
			self.save(name, branching(STEPS))
		self.save("contract-small", branching(3))
		self.open_list()
		self.opened("Dogan Workflow", "contract-small", STEP)  # loads the form and its scripts
		took = [self.opened("Dogan Workflow", name, STEP) for name in names]
		self.assert_within("A workflow of 500 steps", took)


class TestALargeRun(SpeedTestCase):
	def test_a_run_of_500_steps_is_seen_within_a_second(self):
		self.save("contract-large", branching(STEPS))
		self.save("contract-small", branching(3))
		small, *runs = (self.start(name) for name in ("contract-small", "contract-large", "contract-large"))
		self.drain()
		self.open_list()
		self.opened("Dogan Workflow Run", small, STEP)
		took = [self.opened("Dogan Workflow Run", run, f"{STEP}.is-green") for run in runs]
		self.assert_within("A run of 500 steps", took)

	def test_a_run_of_10_000_items_stays_fluid(self):
		each = {
			"for_each": f"{{{{ range({ITEMS}) | list }}}}",
			"max_parallel": 500,
			"params": {"x": "{{ item }}"},
		}
		self.save("contract-items", [{"id": "each", "action": "data.set", **each}])
		run = self.start("contract-items")
		self.drain()
		self.visit(f"dogan-workflow-run/{run}", f"document.querySelector({json.dumps(STEP)})")
		answer = self.seconds(f"frappe.xcall('dogansystem.api.run_page.run_view', {{run: '{run}'}})")
		draws = self.seconds(
			"cur_frm.timeline_of_steps.draw(cur_frm.dogan_view), cur_frm.dogan_canvas.draw(cur_frm.dogan_view)"
		)
		self.browser.click("[data-step=each] .dogan-step-title")
		self.browser.wait_for("document.querySelectorAll('.dogan-items tr').length === 50")
		for shown in (100, 150):
			self.browser.click(".dogan-more-items")
			self.browser.wait_for(f"document.querySelectorAll('.dogan-items tr').length === {shown}")
		items = self.seconds(
			f"frappe.xcall('dogansystem.api.run_page.items', {{run: '{run}', step: 'each', first: {ITEMS - 50}}})"
		)
		self.assertIn(
			f"{ITEMS} of {ITEMS} items",
			self.browser.evaluate("document.querySelector('.dogan-run-canvas').innerText"),
		)
		self.tell("A run of 10,000 items", answer=answer, draw=draws, last_page_of_items=items)
		self.assertLess(answer, 0.3)
		self.assertLess(draws, 0.1)
		self.assertLess(items, 0.3)


class TestBesideAMillionStepRuns(SpeedTestCase):
	def test_what_every_page_asks_for_is_answered_within_a_second(self):
		name = self.save("contract-many", [step(f"s{number}") for number in range(10)])
		run = self.start(name)
		self.drain()
		history.count(self.site.database)  # as the tick does within minutes of a run's end
		fill(run, MANY // 10)
		self.open_list()
		answers = {title: self.seconds(call) for title, call in self.calls(run)}
		self.tell("Answers beside 1,000,000 step runs", **answers)
		forms = {
			"form of a run": self.opened("Dogan Workflow Run", run, STEP)[0],
			"form of a workflow": self.opened("Dogan Workflow", name, STEP)[0],
		}
		self.tell("Pages beside 1,000,000 step runs", **forms)
		self.assertEqual({title: each for title, each in (answers | forms).items() if each > WITHIN}, {})

	def calls(self, run: str) -> Iterator[tuple[str, str]]:
		"""What the pages ask for: the lists, a run, a workflow, the workspace, approvals, capacity."""
		rows = (
			"frappe.db.get_list('{}', {{fields: ['*'], order_by: 'creation desc', limit: 20, filters: {}}})"
		)
		for doctype in ("Dogan Workflow Run", "Dogan Step Run"):
			yield f"rows of {doctype}", rows.format(doctype, "{}")
			yield f"count of {doctype}", f"frappe.db.count('{doctype}', {{limit: 1001}})"
		# Those of step runs are reached by their run: the list of step runs offers no filter by state.
		yield "failed runs", rows.format("Dogan Workflow Run", "{status: 'Failed'}")
		yield (
			"runs of a workflow",
			"frappe.xcall('dogansystem.api.workflows.list_runs', {workflow: 'contract-many'})",
		)
		yield "run", f"frappe.xcall('dogansystem.api.run_page.run_view', {{run: '{run}'}})"
		yield "status", "frappe.xcall('dogansystem.api.status.get_system_status')"
		yield "problems", "frappe.xcall('dogansystem.api.status.get_problems')"
		yield "home", "frappe.xcall('dogansystem.api.desk.home')"
		yield "approvals", "frappe.xcall('dogansystem.api.approvals.pending')"
		yield (
			"history",
			"frappe.xcall('dogansystem.api.status.get_history', {kind: 'site', name: '', hours: 1})",
		)
		for card in frappe.get_all("Number Card", {"module": "Dogan System"}, pluck="name"):
			about = f"{{doc: await frappe.db.get_doc('Number Card', {card!r}), filters: []}}"
			yield (
				f"card {card}",
				f"frappe.xcall('frappe.desk.doctype.number_card.number_card.get_result', {about})",
			)


def fill(run: str, times: int) -> None:
	"""Copy a finished run and its steps so often."""
	digits = " UNION ALL ".join(f"SELECT {digit} AS d" for digit in range(10))
	places = range(len(str(times)) - 1)
	number = " + ".join(f"d{place}.d * {10**place}" for place in places)
	numbers = f"(SELECT {number} AS n FROM {', '.join(f'({digits}) d{place}' for place in places)})"
	for doctype, key, rest in (
		("Dogan Workflow Run", "name", {}),
		("Dogan Step Run", "run", {"run": "CONCAT('0load-', LPAD(n, 8, '0'))"}),
	):
		columns = frappe.db.get_table_columns(doctype)
		tail = "" if doctype == "Dogan Workflow Run" else ", SUBSTRING(source.name, LENGTH(source.run) + 1)"
		made = {"name": f"CONCAT('0load-', LPAD(n, 8, '0'){tail})", **rest}
		chosen = ", ".join(made.get(column, f"source.`{column}`") for column in columns)
		listed = ", ".join(f"`{column}`" for column in columns)
		frappe.db.sql(
			f"INSERT INTO `tab{doctype}` ({listed}) SELECT {chosen} FROM `tab{doctype}` source, {numbers} numbers"
			f" WHERE source.`{key}` = %s",
			run,
		)
		frappe.db.commit()
		frappe.db.sql(f"ANALYZE TABLE `tab{doctype}`")
		frappe.db.commit()


class TestAFormOfOthers(SpeedTestCase):
	def test_a_form_without_workflows_gets_hardly_anything(self):
		"""Its own scripts in bytes, and what they cost when a form is drawn."""
		with self.site.acting_as(PERSON):
			names = [
				frappe.get_doc({"doctype": "Note", "title": f"contract {n}"}).insert().name for n in range(2)
			]
			self.addCleanup(lambda: [frappe.delete_doc("Note", each, force=True) for each in names])
		frappe.db.commit()
		self.visit(f"note/{names[0]}", form_of("Note"))
		texts = self.browser.evaluate(
			"Promise.all(performance.getEntriesByType('resource').map(({name}) => name)"
			".filter((name) => name.includes('dogansystem')).map(async (name) => (await fetch(name)).text()))"
		)
		self.assertTrue(texts)
		size = sum(len(zlib.compress(each.encode(), 6)) for each in texts)  # as nginx sends them
		handlers = self.browser.evaluate(
			"$._data(document, 'events')['form-refresh'].map(({handler}) => String(handler)).filter((each) => each.includes('dogan')).length"
		)
		self.assertEqual(handlers, 1)
		took = self.seconds(
			"$._data(document, 'events')['form-refresh'].filter(({handler}) => String(handler).includes('dogan'))"
			".forEach(({handler}) => handler({}, cur_frm))"
		)
		self.tell("A form without workflows", bytes=size, milliseconds=1000 * took)
		self.assertLess(size, 5 * 1024)
		self.assertLess(took, 0.005)
