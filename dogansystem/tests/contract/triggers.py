"""What starts runs: documents in their own transaction, schedules once for each time, people and programs."""

from dogansystem.tests.contract.home import PERSON, Home, output, proves, step

TODO = {"doctype": "ToDo", "description": "contract trigger"}


class TriggerContract(Home):
	def on_todo(self, name: str, event: str = "created", **rest: object) -> str:
		trigger = {"on": "document", "doctype": "ToDo", "event": event, **rest}
		return self.save(name, [step("a", params={"of": "{{ doc.name }}"})], triggers=[trigger])

	def disable(self, workflow: str) -> None:
		self.orchestrator.set_workflow_enabled(workflow, False)
		self.site.database.commit()

	def create(self, **values: object) -> str:
		with self.site.acting_as(PERSON):
			return str(self.site.documents.create("ToDo", {**TODO, **values})["name"])

	def runs(self, workflow: str) -> list[dict]:
		self.site.database.rollback()
		found = self.orchestrator.list_runs(workflow)
		self.site.database.rollback()
		return found

	@proves(
		"the document's transaction commits",
		"A run started by a document has `doc` (its values at that moment) and remembers the reference.",
	)
	def test_a_document_starts_a_run_that_remembers_it(self):
		workflow = self.on_todo("contract-on-created")
		name = self.create()
		self.site.database.commit()
		self.drain()
		(run,) = self.runs(workflow)
		self.assertEqual((run["status"], run["cause"]), ("Succeeded", "document"))
		self.assertEqual(run["document"], {"doctype": "ToDo", "name": name})
		self.assertEqual(output(self.run_of(run["run"]), "a"), {"of": name})
		self.disable(workflow)

	@proves("the document's transaction commits")
	def test_a_document_that_is_rolled_back_starts_nothing(self):
		workflow = self.on_todo("contract-rolled-back")
		self.create()
		self.site.database.rollback()
		self.assertEqual(self.runs(workflow), [])
		self.disable(workflow)

	@proves("`field`, `from`, `to` (for changed); `if`")
	def test_if_decides_whether_a_document_is_wanted(self):
		workflow = self.on_todo("contract-trigger-if", **{"if": "{{ doc.priority == 'High' }}"})
		self.create(priority="Low")
		self.create(priority="High")
		self.site.database.commit()
		self.assertEqual(len(self.runs(workflow)), 1)
		self.disable(workflow)

	def test_changed_fires_only_for_its_field(self):
		workflow = self.on_todo("contract-changed", "changed", field="priority")
		name = self.create(priority="Low")
		self.site.database.commit()
		before = len(self.runs(workflow))
		with self.site.acting_as(PERSON):
			self.site.documents.update("ToDo", name, {"description": "contract trigger, other text"})
			self.site.database.commit()
			self.assertEqual(len(self.runs(workflow)), before)
			self.site.documents.update("ToDo", name, {"priority": "High"})
		self.site.database.commit()
		self.assertEqual(len(self.runs(workflow)), before + 1)
		self.disable(workflow)

	def test_a_disabled_workflow_hears_nothing(self):
		workflow = self.on_todo("contract-deaf")
		self.disable(workflow)
		self.create()
		self.site.database.commit()
		self.assertEqual(self.runs(workflow), [])

	def test_a_broken_condition_does_not_keep_people_from_saving(self):
		workflow = self.on_todo("contract-broken-if", **{"if": "{{ doc.description.no_such_field.deeper }}"})
		self.create()
		self.site.database.commit()
		(run,) = self.runs(workflow)
		self.assertEqual(run["status"], "Failed")
		self.assertIn("no_such_field", run["error"])
		self.disable(workflow)

	@proves(
		"Runs that a run's own writes start carry its depth; past depth 8 they are refused with an error on the run that caused them."
	)
	def test_runs_that_start_each_other_end_at_depth_eight(self):
		workflow = self.save(
			"contract-depth",
			[step("again", "document.create", params={"doctype": "ToDo", "values": {"description": "contract depth"}})],
			triggers=[{"on": "document", "doctype": "ToDo", "event": "created", "if": "{{ doc.description == 'contract depth' }}"}],
		)  # fmt: skip
		self.start(workflow)
		self.drain()
		runs = self.orchestrator.list_runs(workflow, limit=50)
		self.site.database.rollback()
		self.assertEqual(len(runs), 9)  # depth 0 to 8
		self.assertEqual([run["status"] for run in runs].count("Failed"), 1)
		self.assertIn("chain", next(run["error"] for run in runs if run["status"] == "Failed"))
		self.disable(workflow)

	def scheduled(self, name: str, **rest: object) -> str:
		return self.save(
			name, [step("a", params={"due": "{{ trigger.due }}"})], triggers=[{"on": "schedule", **rest}]
		)

	@proves("the time comes")
	def test_a_schedule_fires_once_for_each_time(self):
		workflow = self.scheduled("contract-every", every="10m")
		self.drain()
		self.assertEqual(self.runs(workflow), [])
		for expected in (1, 2):
			self.advance(601)
			self.drain()
			self.tick()
			self.drain()
			self.assertEqual(len(self.runs(workflow)), expected)
		self.disable(workflow)

	@proves(
		"after downtime `missed` decides",
		"`missed`: skip, once (default), all",
	)
	def test_after_downtime_missed_decides(self):
		for missed, expected in (("skip", 0), ("once", 1), ("all", 6)):
			workflow = self.scheduled(f"contract-missed-{missed}", every="10m", missed=missed)
			self.advance(3900)  # an hour and five minutes: six times have passed, the last five minutes ago
			self.drain()
			self.assertEqual(len(self.runs(workflow)), expected, missed)
			self.disable(workflow)

	def test_a_disabled_schedule_does_not_fire(self):
		workflow = self.scheduled("contract-schedule-off", every="10m")
		self.disable(workflow)
		self.advance(3600)
		self.drain()
		self.assertEqual(self.runs(workflow), [])
