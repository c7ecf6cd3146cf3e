"""Triggers that look at documents: a date has come, a document newly matches. And what is started by hand on a document."""

from datetime import timedelta
from typing import Any

from dogansystem.engine.errors import InputError, TemplateError
from dogansystem.tests.contract.home import PERSON, Home, output, proves, step

DAY = 86_400.0
TEXT = "contract looking"


class LookingContract(Home):
	def todo(self, **values: object) -> str:
		with self.site.acting_as(PERSON):
			name = self.site.documents.create("ToDo", {"description": TEXT, **values})["name"]
		self.site.database.commit()
		return str(name)

	def change(self, name: str, **values: object) -> None:
		with self.site.acting_as(PERSON):
			self.site.documents.update("ToDo", name, values)
		self.site.database.commit()

	def day(self, days: int) -> str:
		"""The date so many days from now."""
		return (self.site.local_time(self.site.now()) + timedelta(days=days)).date().isoformat()

	def watching(self, name: str, on: str, **keys: object) -> str:
		trigger = {"on": on, "doctype": "ToDo", **keys}
		trigger["filters"] = {"description": TEXT, **trigger.get("filters", {})}  # type: ignore[dict-item]
		return self.save(
			f"contract-{name}",
			[step("a", params={"of": "{{ doc.name }}", "trigger": "{{ trigger }}"})],
			triggers=[trigger],
		)

	def enable(self, workflow: str, enabled: bool) -> None:
		self.orchestrator.set_workflow_enabled(workflow, enabled)
		self.site.database.commit()

	def documents(self, workflow: str) -> list[str]:
		"""What the workflow's runs are about, after everything that is due was done."""
		self.drain()
		self.site.database.rollback()
		runs = self.orchestrator.list_runs(workflow, limit=1000)
		self.site.database.rollback()
		return sorted(run["document"]["name"] for run in runs)

	# Date

	@proves(
		"a document's date field plus the offset has come",
		"`at` (default 00:00, site's timezone)",
		"A run started by a document has `doc` (its values at that moment) and remembers the reference",
	)
	def test_a_date_starts_a_run_once_it_has_come(self):
		workflow = self.watching("date", "date", field="date")
		name = self.todo(date=self.day(2))
		self.todo(date=self.day(30))
		self.advance(0.5 * DAY)
		self.assertEqual(self.documents(workflow), [])
		self.advance(2 * DAY)
		self.assertEqual(self.documents(workflow), [name])
		for _ in range(3):
			self.advance(DAY)
			self.assertEqual(self.documents(workflow), [name])
		(run,) = self.orchestrator.list_runs(workflow)
		self.assertEqual(run["cause"], "date")
		self.assertEqual(run["document"], {"doctype": "ToDo", "name": name})
		trigger = output(self.run_of(run["run"]), "a")["trigger"]
		self.assertEqual((trigger["on"], trigger["field"], trigger["name"]), ("date", "date", name))
		self.assertEqual(trigger["due"][:16], f"{trigger['value']} 00:00")
		self.enable(workflow, False)

	@proves("`offset` (`-3d` before, `2d` after, `0d`)")
	def test_an_offset_moves_a_date(self):
		before = self.watching("date-before", "date", field="date", offset="-3d")
		after = self.watching("date-after", "date", field="date", offset="2d", at="23:59")
		name = self.todo(date=self.day(5))
		self.advance(2.5 * DAY)
		self.assertEqual((self.documents(before), self.documents(after)), ([name], []))
		self.advance(4 * DAY)
		self.assertEqual(self.documents(after), [])
		self.advance(2 * DAY)
		self.assertEqual(self.documents(after), [name])
		for workflow in (before, after):
			self.enable(workflow, False)

	@proves("once for each document and value of the field")
	def test_each_value_of_the_field_counts_once(self):
		workflow = self.watching("date-values", "date", field="date")
		first, second = self.day(2), self.day(4)
		name = self.todo(date=first)
		self.advance(2.5 * DAY)
		self.assertEqual(self.documents(workflow), [name])
		self.change(name, date=second)
		self.assertEqual(self.documents(workflow), [name])
		self.advance(2 * DAY)
		self.assertEqual(self.documents(workflow), [name] * 2)
		self.change(name, date=self.day(-1))
		self.change(name, date=second)
		self.advance(600)
		self.assertEqual(self.documents(workflow), [name] * 2)
		self.enable(workflow, False)

	@proves("also after downtime (`missed` as below, default once)")
	def test_after_downtime_a_date_counts_as_missed_says(self):
		for missed, expected in (("skip", 0), ("once", 1), ("all", 1)):
			workflow = self.watching(f"date-{missed}", "date", field="date", missed=missed)
			self.todo(date=self.day(2))
			self.advance(9 * DAY)
			self.assertEqual(len(self.documents(workflow)), expected, missed)
			self.enable(workflow, False)

	def test_what_was_due_before_the_workflow_was_enabled_starts_nothing(self):
		for days in (-3650, -1, 0):
			self.todo(date=self.day(days))
		workflow = self.watching("date-old", "date", field="date")
		self.advance(120)
		self.assertEqual(self.documents(workflow), [])
		new = self.todo(date=self.day(0))
		self.advance(120)
		self.assertEqual(self.documents(workflow), [new])
		self.enable(workflow, False)

	def test_a_document_that_matches_late_still_counts_for_a_day(self):
		workflow = self.watching("date-late", "date", field="date", filters={"priority": "High"})
		soon, late = (self.todo(date=self.day(2), priority="Low") for _ in range(2))
		self.advance(2 * DAY)
		self.assertEqual(self.documents(workflow), [])
		self.change(soon, priority="High")
		self.advance(120)
		self.assertEqual(self.documents(workflow), [soon])
		self.advance(2 * DAY)
		self.change(late, priority="High")
		self.advance(120)
		self.assertEqual(self.documents(workflow), [soon])
		self.enable(workflow, False)

	@proves(
		"`date` | `doctype`, `field`, `offset` (`-3d` before, `2d` after, `0d`), `at` (default 00:00, site's timezone), `filters`, `if`"
	)
	def test_if_is_asked_once(self):
		workflow = self.watching("date-if", "date", field="date", **{"if": "doc.priority == 'High'"})
		name, other = (
			self.todo(date=self.day(2), priority="High"),
			self.todo(date=self.day(2), priority="Low"),
		)
		self.advance(2.2 * DAY)
		self.assertEqual(self.documents(workflow), [name])
		self.change(other, priority="High")
		self.advance(120)
		self.assertEqual(self.documents(workflow), [name])
		self.enable(workflow, False)

	def test_a_field_with_a_time_counts_with_its_time(self):
		workflow = self.watching("date-time", "date", field="creation", offset="90m")
		name = self.todo()
		self.advance(85 * 60)
		self.assertEqual(self.documents(workflow), [])
		self.advance(10 * 60)
		self.assertEqual(self.documents(workflow), [name])
		self.enable(workflow, False)

	def test_more_documents_than_one_batch_are_all_started(self):
		workflow = self.watching("date-many", "date", field="date")
		names = [self.todo(date=self.day(1)) for _ in range(120)]
		self.advance(1.2 * DAY)
		self.assertEqual(self.documents(workflow), sorted(names))
		self.enable(workflow, False)

	# Condition

	@proves(
		"a document newly matches the filters; the ones that match when the workflow is enabled do not count"
	)
	@proves("| `condition` | `doctype`, `filters`, `every`")
	def test_a_document_that_newly_matches_starts_a_run(self):
		old = self.todo(priority="High")
		workflow = self.watching("condition", "condition", filters={"priority": "High"}, every="10m")
		name = self.todo(priority="Low")
		self.advance(601)
		self.assertEqual(self.documents(workflow), [])
		self.change(name, priority="High")
		self.assertEqual(self.documents(workflow), [])  # not before the next look
		self.advance(601)
		self.assertEqual(self.documents(workflow), [name])
		(run,) = self.orchestrator.list_runs(workflow)
		self.assertEqual((run["cause"], run["document"]["name"]), ("condition", name))
		self.change(old, priority="Low")
		self.advance(601)
		self.assertEqual(self.documents(workflow), [name])
		self.change(old, priority="High")
		self.advance(601)
		self.assertEqual(self.documents(workflow), sorted([name, old]))
		self.enable(workflow, False)

	@proves("In reach: `input trigger doc parameters steps item index run now today user`")
	def test_filters_may_hold_parameters(self):
		watched = {
			"description": TEXT,
			"date": ["<=", "{{ today | add_days(parameters.days) }}"],
			"priority": "High",
		}
		triggers = [{"on": "condition", "doctype": "ToDo", "filters": watched, "every": "10m"}]
		parameters = {"days": {"type": "integer", "title": "Days", "default": 2}}
		workflow = self.save("contract-reach", [step("a")], triggers=triggers, parameters=parameters)
		near = self.todo(priority="High", date=self.day(2))
		later = self.todo(priority="High", date=self.day(9))
		self.advance(601)
		self.assertEqual(self.documents(workflow), [near])
		with self.site.acting_as(PERSON):
			self.orchestrator.set_parameters(workflow, {"days": 10})
		self.site.database.commit()
		self.advance(601)
		self.assertEqual(self.documents(workflow), sorted([near, later]))

	@proves("do not count unless `existing: true`")
	def test_existing_true_lets_those_count_that_match_already(self):
		name = self.todo(priority="High")
		workflow = self.watching(
			"existing", "condition", filters={"priority": "High"}, every="10m", existing=True
		)
		self.advance(601)
		self.assertEqual(self.documents(workflow), [name])
		self.advance(601)
		self.assertEqual(self.documents(workflow), [name])
		self.enable(workflow, False)

	def matches_again(self, again: str) -> list[int]:
		"""How many runs there are: after the first match, after a change, after it stopped matching, matched anew, and after
		the workflow was disabled, enabled, and it matched anew."""
		name = self.todo(priority="Low")
		workflow = self.watching(f"again-{again}", "condition", filters={"priority": "High"}, again=again)
		counts = []
		for step_of in (
			{"priority": "High"},
			{"color": "#ff0000"},
			{"priority": "Low"},
			{"priority": "High"},
		):
			self.change(name, **step_of)
			self.advance(61)
			counts.append(len(self.documents(workflow)))
		self.change(name, priority="Low")
		for enabled in (False, True):
			self.enable(workflow, enabled)
		self.change(name, priority="High")
		self.advance(61)
		counts.append(len(self.documents(workflow)))
		self.enable(workflow, False)
		return counts

	@proves("`again`: never (default)")
	def test_again_never_starts_one_run_for_a_document(self):
		self.assertEqual(self.matches_again("never"), [1, 1, 1, 1, 1])

	@proves("`again`: never (default), changed")
	def test_again_changed_starts_another_one_when_it_changed_or_matches_anew(self):
		self.assertEqual(self.matches_again("changed"), [1, 2, 2, 3, 4])

	def test_saving_the_workflow_makes_nothing_match_anew(self):
		name = self.todo(priority="High")
		workflow = self.watching("saved", "condition", filters={"priority": "High"}, every="10m")
		self.advance(300)
		other = self.todo(priority="High")
		self.watching("saved", "condition", filters={"priority": "High"}, every="5m")
		self.advance(601)
		self.assertEqual(self.documents(workflow), [other])
		self.assertNotEqual(name, other)
		self.enable(workflow, False)

	def test_a_look_that_is_lost_is_planned_again_by_the_tick(self):
		workflow = self.watching("lost", "condition", filters={"priority": "High"})
		name = self.todo(priority="High")
		self.site.database.execute("DELETE FROM dogan_timer WHERE subject = %s", (workflow,))
		self.site.database.commit()
		self.tick()
		self.advance(61)
		self.assertEqual(self.documents(workflow), [name])
		self.enable(workflow, False)

	def test_a_filter_that_fails_stops_nobody_else(self):
		today_only = f"{{{{ {{'{self.day(0)}': 'High'}}[today | string] }}}}"
		broken = self.watching("broken", "condition", filters={"priority": today_only}, existing=True)
		workflow = self.watching("whole", "condition", filters={"priority": "High"})
		self.advance(2 * DAY)
		name = self.todo(priority="High")
		self.advance(61)
		self.assertEqual((self.documents(workflow), self.documents(broken)), ([name], []))
		for each in (workflow, broken):
			self.enable(each, False)

	def test_a_workflow_whose_documents_cannot_be_listed_cannot_be_enabled(self):
		with self.assertRaisesRegex(TemplateError, r"filters.priority: today.nope does not exist"):
			self.watching("unlisted", "condition", filters={"priority": "{{ today.nope.deeper }}"})
		self.site.database.rollback()

	# Changed, and by hand

	@proves("`field`, `from`, `to` (for changed)")
	def test_changed_may_name_the_values_before_and_after(self):
		trigger = {"on": "document", "doctype": "ToDo", "event": "changed", "field": "priority"}
		workflow = self.save(
			"contract-from-to", [step("a")], triggers=[{**trigger, "from": "Low", "to": "High"}]
		)
		name = self.todo(priority="Medium")
		counts = []
		for priority in ("High", "Low", "Medium", "Low", "High"):
			self.change(name, priority=priority)
			counts.append(len(self.documents(workflow)))
		self.assertEqual(counts, [0, 0, 0, 0, 1])
		self.enable(workflow, False)

	def test_a_field_that_was_empty_is_one_that_changed_from_nothing(self):
		trigger: dict[str, Any] = {"on": "document", "doctype": "ToDo", "event": "changed", "field": "color"}
		workflow = self.save("contract-from-empty", [step("a")], triggers=[{**trigger, "from": ""}])
		name = self.todo()
		for color in ("#111111", "#222222"):
			self.change(name, color=color)
		self.assertEqual(self.documents(workflow), [name])
		self.enable(workflow, False)

	@proves("a permitted person presses Run, in the workflow, on a document of `doctype`")
	def test_a_workflow_for_one_type_of_document_is_not_started_on_another(self):
		workflow = self.save(
			"contract-manual-on", [step("a")], triggers=[{"on": "manual", "doctype": "ToDo"}]
		)
		name = self.todo()
		self.start(workflow, document={"doctype": "ToDo", "name": name})
		self.assertEqual(self.documents(workflow), [name])
		with self.assertRaisesRegex(InputError, "on a document of type ToDo, not on Note N-1"):
			self.start(workflow, document={"doctype": "Note", "name": "N-1"})
		self.site.database.rollback()
