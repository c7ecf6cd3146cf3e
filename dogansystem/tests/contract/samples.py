"""What is measured: each attempt once, by what it was about, and in the status at once."""

from typing import Any

from dogansystem.engine.errors import InputError
from dogansystem.store import figures, processes, samples
from dogansystem.store.changes import claims
from dogansystem.store.moment import moment
from dogansystem.tests.contract.errors import UNREACHABLE
from dogansystem.tests.contract.home import PERSON, Home, step
from dogansystem.worker import identity
from dogansystem.worker.control import Control


class SampleContract(Home):
	def status(self) -> dict[str, Any]:
		self.site.database.rollback()
		found = self.orchestrator.get_system_status()
		self.site.database.rollback()
		return found

	def totals(self) -> dict[tuple[str, str], dict[str, int]]:
		self.site.database.rollback()
		found = samples.totals(self.site.database)
		self.site.database.rollback()
		return {key: each.outcomes for key, each in found.items()}

	def test_each_attempt_is_counted_by_how_it_ended_and_what_it_was_about(self):
		self.set_settings(allow_private_network=1)
		self.orchestrator.register_agent("Contract Counter", PERSON, ["counting"])
		self.site.database.commit()
		again = {"attempts": 2, "delay": "1s"}
		workflow = self.save(
			"contract-counted",
			[
				step("a", priority=9),
				step("b", agent="Contract Counter"),
				{**step("c", after=[]), "if": "{{ false }}"},
				step("w", "flow.wait", after=["b"], params={"for": "5s"}),
				step("f", "http.request", params=UNREACHABLE, retry=again),
			],
		)
		run = self.start(workflow)
		self.drain()
		for _ in range(3):
			self.advance(10)
			self.drain()
		self.assertEqual(self.run_of(run)["status"], "Failed")
		found = self.totals()
		expected = {"Succeeded": 2, "Skipped": 1, "Waiting": 1, "Retried": 1, "Failed": 1}
		self.assertEqual(found[(figures.SITE, "")], expected)
		self.assertEqual(found[(figures.WORKFLOW, workflow)], expected)
		self.assertEqual(found[(figures.NODE, identity.node())], expected)
		self.assertEqual(found[(figures.AGENT, "Contract Counter")], {"Succeeded": 1})
		self.assertEqual(found[(figures.PRIORITY, "9")], {"Succeeded": 1})
		self.assertEqual(sum(found[(figures.PRIORITY, "5")].values()), 5)

	def test_each_item_is_an_attempt_of_its_own(self):
		self.run_steps([step("each", for_each=[1, 2, 3])])
		self.assertEqual(
			self.totals()[(figures.SITE, "")], {"Succeeded": 4}
		)  # and the one that made the items

	def test_the_status_has_throughput_and_times_of_the_last_minute_and_hour(self):
		workflow = self.save("contract-times", [step("a")])
		for _ in range(3):
			self.start(workflow)
		self.advance(8)
		self.drain()
		minute = self.status()["throughput"]["last_minute"]
		self.assertEqual((minute["steps"], minute["per_second"], minute["failed"]), (3, 0.05, 0))
		self.assertAlmostEqual(minute["wait_seconds"]["p50"], 8, delta=2)
		self.assertGreaterEqual(minute["wait_seconds"]["p95"], minute["wait_seconds"]["p50"])
		self.assertLess(minute["run_seconds"]["p95"], 5)
		self.advance(300)
		self.tick()
		later = self.status()["throughput"]
		self.assertEqual(
			(later["last_minute"]["steps"], later["last_minute"]["wait_seconds"]["p50"]), (0, None)
		)
		self.assertEqual(later["last_hour"]["steps"], 3)
		self.advance(4000)
		self.tick()
		self.assertEqual(self.status()["throughput"]["last_hour"]["steps"], 0)

	def test_ticks_at_one_moment_take_one_sample(self):
		self.start(self.save("contract-once", [step("a")]))
		self.advance(600)
		ticks = [self.tick() for _ in range(5)]
		self.assertEqual(ticks, [True, False, False, False, False])
		(entry,) = self.history()
		self.assertEqual(entry["levels"]["ready"], {"mean": 1, "highest": 1})
		self.assertGreaterEqual(entry["levels"]["oldest_ready_seconds"]["highest"], 600)
		self.drain()

	def test_the_history_is_by_minute_and_then_by_hour(self):
		workflow = self.save("contract-history", [step("a")])
		for _ in range(3):
			self.start(workflow)
			self.drain()
			self.advance(120)
			self.tick()
		self.assertEqual([each["steps"] for each in self.history() if each["steps"]], [1, 1, 1])
		by_hour = self.history("workflow", workflow, hours=48)
		self.assertEqual(sum(each["steps"] for each in by_hour), 3)
		self.assertEqual({each["seconds"] for each in by_hour}, {3600})
		self.assertEqual(self.history("workflow", "contract-never"), [])

	def test_a_history_of_nothing_there_is_says_what_there_is(self):
		with self.assertRaisesRegex(InputError, "'nodes'.*node, priority"):
			self.orchestrator.get_history("nodes")
		with self.assertRaisesRegex(InputError, "1 to 2160"):
			self.orchestrator.get_history(hours=5000)

	def test_a_node_that_stops_is_lost_within_a_minute_and_its_steps_are_counted(self):
		workflow = self.save("contract-stopped", [step("a")])
		self.start(workflow)
		control = Control(self.site)

		def claim(db):
			at = moment(self.site)
			process = processes.register(db, "elsewhere", "elsewhere", 1, "elsewhere:1", at)
			(lease,) = claims.claim(db, process, "elsewhere:1", 0, 10, claims.Floor(), at)
			claims.begin(db, lease, at)

		control.run(claim)
		up = self.status()["nodes"]["elsewhere"]
		self.assertEqual((up["state"], up["alive"], up["busy"]), ("up", 1, 1))
		self.advance(self.site.settings().lease + 1)
		silent = self.status()["nodes"]["elsewhere"]
		self.assertEqual((silent["state"], silent["alive"]), ("lost", 0))
		self.advance(60 - self.site.settings().lease)
		self.tick()
		lost = self.status()["nodes"]["elsewhere"]
		self.assertEqual((lost["state"], lost["alive"]), ("lost", 0))
		self.assertEqual(self.totals()[(figures.NODE, "elsewhere")], {"Lost": 1})
		self.assertEqual(self.totals()[(figures.WORKFLOW, workflow)], {"Lost": 1})
		control.close()
		self.advance(90_000)
		self.drain()
		self.tick()
		self.assertNotIn("elsewhere", self.status()["nodes"])

	def test_a_node_whose_workers_left_is_idle(self):
		self.run_steps([step("a")])
		self.advance(120)
		self.tick()
		mine = self.status()["nodes"][identity.node()]
		self.assertEqual((mine["state"], mine["alive"], mine["steps_last_hour"]), ("idle", 0, 1))
		self.assertGreater(mine["last_beat_seconds"], 100)

	def history(self, *about: Any, **rest: Any) -> list[dict[str, Any]]:
		self.site.database.rollback()
		found = self.orchestrator.get_history(*about, **rest)
		self.site.database.rollback()
		return found
