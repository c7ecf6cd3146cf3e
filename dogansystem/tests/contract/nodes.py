"""Nodes that are drained before they leave."""

from typing import Any

from dogansystem.engine.errors import NotFound
from dogansystem.store import nodes, processes
from dogansystem.store.changes import claims
from dogansystem.store.moment import moment
from dogansystem.tests.contract.home import Home, states, step
from dogansystem.worker import identity
from dogansystem.worker.control import Control
from dogansystem.worker.drainer import Drainer

HERE, ELSEWHERE = identity.node(), "elsewhere"


class NodeContract(Home):
	def cordon_node(self, node: str) -> dict[str, Any]:
		nodes.seen(self.site.database, {node: self.site.now()})
		found = self.orchestrator.cordon_node(node)
		self.site.database.commit()
		return found

	def uncordon_node(self, node: str) -> dict[str, Any]:
		found = self.orchestrator.uncordon_node(node)
		self.site.database.commit()
		return found

	def state(self, node: str) -> str:
		self.site.database.rollback()
		return self.orchestrator.get_system_status()["nodes"][node]["state"]

	def work_as_worker(self) -> int:
		"""What a worker process of this node does when it is called; gives how many steps it executed."""
		return Drainer(self.site, until=lambda: True, replaceable=True).run()

	def test_workers_of_a_drained_node_take_nothing_until_that_is_undone(self):
		run = self.start(self.save("contract-drained", [step("a"), step("b")]))
		self.assertTrue(self.cordon_node(HERE)["empty"])
		self.assertEqual(self.work_as_worker(), 0)
		self.assertEqual(states(self.run_of(run)), {"a": "Ready", "b": "Pending"})
		self.assertEqual(self.state(HERE), "drained")
		self.uncordon_node(HERE)
		self.assertEqual(self.work_as_worker(), 2)
		self.assertEqual(self.state(HERE), "idle")

	def test_other_nodes_go_on(self):
		run = self.start(self.save("contract-drained-elsewhere", [step("a")]))
		self.cordon_node(ELSEWHERE)
		self.work_as_worker()
		self.assertEqual(self.run_of(run)["status"], "Succeeded")

	def test_a_run_that_somebody_works_off_by_hand_goes_on(self):
		run = self.start(self.save("contract-by-hand", [step("a")]))
		self.cordon_node(HERE)
		self.drain()
		self.assertEqual(self.run_of(run)["status"], "Succeeded")

	def test_a_node_is_empty_when_its_last_worker_has_left(self):
		self.start(self.save("contract-cordoned", [step("a")]))
		control = Control(self.site)
		process = control.run(self.begin_elsewhere)
		found = self.cordon_node(ELSEWHERE)
		self.assertEqual((found["workers"], found["busy"], found["empty"]), (1, 1, False))
		self.assertEqual(self.state(ELSEWHERE), "cordoned")
		control.run(lambda db: processes.beat(db, process, moment(self.site), 0, 0))
		control.close()
		self.assertFalse(self.orchestrator.what_is_left(ELSEWHERE)["empty"])
		self.site.database.rollback()
		self.advance(120)  # it was killed: not empty before its step is somebody else's
		self.drain()
		self.assertTrue(self.orchestrator.what_is_left(ELSEWHERE)["empty"])
		self.assertEqual(self.state(ELSEWHERE), "drained")

	def begin_elsewhere(self, db: Any) -> int:
		at = moment(self.site)
		process = processes.register(db, ELSEWHERE, ELSEWHERE, 1, f"{ELSEWHERE}:1", at)
		(lease,) = claims.claim(db, process, f"{ELSEWHERE}:1", 0, 1, claims.Floor(), at)
		assert claims.begin(db, lease, at)
		return process

	def test_a_drained_node_is_remembered_however_long_it_is_silent(self):
		self.cordon_node(ELSEWHERE)
		nodes.forget(self.site.database, self.site.now() + 10 * nodes.KEPT)
		self.site.database.commit()
		self.assertEqual([each.name for each in nodes.every(self.site.database)], [ELSEWHERE])

	def test_a_node_that_nobody_has_heard_of_is_an_error_that_names_those_there_are(self):
		nodes.seen(self.site.database, {ELSEWHERE: self.site.now()})
		for order in (self.orchestrator.cordon_node, self.orchestrator.uncordon_node):
			with self.assertRaisesRegex(NotFound, f"'nowhere'.*{ELSEWHERE}"):
				order("nowhere")
