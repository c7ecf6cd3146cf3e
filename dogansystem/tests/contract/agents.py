"""Agents: whose capacity and permissions steps use, and how many may be enabled."""

from unittest.mock import patch

from dogansystem.engine.errors import InputError, LimitReached, NotFound
from dogansystem.store import admission
from dogansystem.tests.contract.home import PERSON, Home, output, proves, row, states, step
from dogansystem.worker import chores
from dogansystem.worker.control import Control

WAIT = {"for": "1h"}
OTHER = "dogan-other@example.com"
GONE = "contract-gone@example.com"


class AgentContract(Home):
	def register(
		self, name: str, capabilities: tuple[str, ...] = (), capacity: int = 1, enabled: bool = True
	) -> str:
		self.orchestrator.register_agent(name, PERSON, capabilities, capacity, enabled)
		self.site.database.commit()
		return name

	@proves("agent: Sales Desk")
	def test_a_step_is_given_to_the_agent_it_names(self):
		agent = self.register("Contract Desk")
		run = self.run_steps([step("a", agent=agent), step("b")])
		self.assertEqual((row(run, "a")["agent"], row(run, "b")["agent"]), (agent, None))

	def test_a_busy_agent_makes_a_step_wait_as_a_row(self):
		agent = self.register("Contract Busy", capacity=1)
		run = self.start(
			self.save("contract-busy", [step("a", agent=agent, after=[]), step("b", agent=agent, after=[])])
		)
		self.site.database.begin()
		self.hold_slot(agent)
		self.drain()
		self.assertEqual(states(self.run_of(run)), {"a": "Waiting", "b": "Waiting"})
		self.free_slot(agent)
		self.drain()
		self.assertEqual(self.run_of(run)["status"], "Succeeded")
		busy = {each["name"]: each["busy"] for each in self.orchestrator.list_agents()}
		self.assertEqual(busy[agent], 0)

	@proves("whose permissions the steps have; an agent's own user comes first")
	def test_steps_act_as_run_as_and_an_agents_own_user_comes_first(self):
		self.orchestrator.register_agent("Contract Other", OTHER)
		self.site.database.commit()
		acts = {"user": "{{ user }}"}
		run = self.run_steps([step("a", agent="Contract Other", params=acts), step("b", params=acts)])
		self.assertEqual((output(run, "a"), output(run, "b")), ({"user": OTHER}, {"user": PERSON}))

	@proves("or capability: email (any agent that has it, the least busy first)")
	def test_a_capability_goes_to_the_agent_that_is_least_busy(self):
		first = self.register("Contract Able 1", ("contract mail",), capacity=2)
		second = self.register("Contract Able 2", ("contract mail",), capacity=2)
		self.hold_slot(first)
		run = self.run_steps([step("a", capability="contract mail")])
		self.assertEqual(row(run, "a")["agent"], second)
		self.free_slot(first)

	def test_a_rate_puts_steps_off_and_fails_none(self):
		self.orchestrator.register_agent("Contract Slow", PERSON, capacity=10, rate="3/m")
		self.site.database.commit()
		run = self.start(
			self.save("contract-rate", [step("each", agent="Contract Slow", for_each=[1, 2, 3, 4, 5, 6, 7])])
		)
		done = []
		for _ in range(4):
			self.drain()
			items = [each["status"] for each in self.run_of(run)["steps"] if each["index"] is not None]
			done.append(items.count("Succeeded"))
			self.assertLessEqual(set(items), {"Succeeded", "Waiting", "Pending", "Running"})
			self.advance(61)
		# The step itself is one of the first three.
		self.assertEqual(done, [2, 5, 7, 7])
		found = self.run_of(run)
		self.assertEqual(found["status"], "Succeeded")
		self.assertEqual({each["attempts"] for each in found["steps"]}, {1})

	def test_where_an_agent_may_not_begin_one_more_another_with_the_capability_does(self):
		for name, rate in (("Contract Rare", "1/d"), ("Contract Free", "")):
			self.orchestrator.register_agent(name, PERSON, ["contract rated"], 10, True, rate)
		self.site.database.commit()
		used = [row(self.run_steps([step("a", capability="contract rated")]), "a")["agent"] for _ in range(4)]
		self.assertLessEqual(used.count("Contract Rare"), 1)
		self.assertIn("Contract Free", used)

	def test_urgent_steps_that_wait_for_an_agent_starve_nobody(self):
		"""One admission in ten goes to whoever has waited longest, the others to the most urgent."""
		for chance, expected in ((0.99, "b"), (0.0, "a")):
			agent = self.register(f"Contract Queue {expected}", capacity=1)
			self.hold_slot(agent)
			steps = [
				step("a", agent=agent, after=[], priority=0),
				step("b", agent=agent, after=[], priority=9),
			]
			run = self.start(self.save(f"contract-queue-{expected}", steps))
			self.drain()
			self.free_slot(agent)
			control = Control(self.site)
			with patch.object(admission.random, "random", lambda chance=chance: chance):
				self.assertEqual(chores.admit(self.site, control), 1)
			control.close()
			found = states(self.run_of(run))
			self.assertEqual([each for each, state in found.items() if state == "Ready"], [expected])
			self.drain()
			self.assertEqual(self.run_of(run)["status"], "Succeeded")

	def test_what_is_no_rate_is_refused(self):
		with self.assertRaisesRegex(InputError, "rate: '10 a minute' is not a rate"):
			self.orchestrator.register_agent("Contract Odd", PERSON, rate="10 a minute")
		self.site.database.rollback()

	def test_an_unknown_agent_is_an_error_before_anything_is_written(self):
		workflow = self.save("contract-unknown-agent", [step("a", agent="Contract Nobody")])
		with self.assertRaisesRegex(NotFound, "Contract Nobody"):
			self.start(workflow)
		self.site.database.rollback()
		self.assertEqual(self.orchestrator.list_runs(workflow), [])

	def test_a_step_waits_for_an_agent_that_is_disabled(self):
		agent = self.register("Contract Away", enabled=False)
		run = self.start(self.save("contract-away", [step("a", agent=agent)]))
		self.drain()
		self.assertEqual(states(self.run_of(run)), {"a": "Waiting"})
		self.orchestrator.enable_agent(agent)
		self.site.database.commit()
		self.drain()
		self.assertEqual(self.run_of(run)["status"], "Succeeded")

	def test_max_agents_is_enforced_and_raised_without_a_restart(self):
		enabled = sum(each["enabled"] for each in self.orchestrator.list_agents())
		self.set_settings(max_agents=enabled + 1)
		self.register("Contract Within")
		with self.assertRaisesRegex(LimitReached, f"max_agents is {enabled + 1}.*Dogan Settings"):
			self.register("Contract Over")
		self.site.database.rollback()
		self.assertNotIn("Contract Over", [each["name"] for each in self.orchestrator.list_agents()])
		self.site.database.rollback()
		self.set_settings(max_agents=enabled + 2)
		self.register("Contract Over")
		self.set_settings(max_agents=20)

	def test_a_retried_step_gives_its_slot_back_while_it_waits(self):
		agent = self.register("Contract Sleeper")
		run = self.start(self.save("contract-sleeper", [step("w", "flow.wait", agent=agent, params=WAIT)]))
		self.drain()
		self.assertEqual(states(self.run_of(run)), {"w": "Waiting"})
		busy = {each["name"]: each["busy"] for each in self.orchestrator.list_agents()}
		self.assertEqual(busy[agent], 0)
		self.site.database.rollback()
		self.act("cancel", run)

	def test_a_user_who_was_disabled_lends_no_step_their_permissions(self):
		self.set_enabled_user(GONE, True)
		self.orchestrator.register_agent("Contract Gone", GONE)
		makes = {"doctype": "ToDo", "values": {"description": "contract gone"}}
		named = self.save("contract-gone", [step("a", "document.create", params=makes)], run_as=GONE)
		by_agent = self.save(
			"contract-gone-agent", [step("a", "document.create", params=makes, agent="Contract Gone")]
		)
		runs = [self.start(named), self.start(by_agent)]
		self.set_enabled_user(GONE, False)
		self.drain()
		for run in runs:
			found = self.run_of(run)
			self.assertEqual(found["status"], "Failed")
			self.assertRegex(found["error"], f"NotAllowed: User {GONE} is disabled")
		self.assertEqual(self.todos("contract gone"), [])

	def set_enabled_user(self, user: str, enabled: bool) -> None:
		"""Have a user who is enabled, or not, and commit."""
		with self.site.acting_as(PERSON):
			if self.site.documents.list("User", {"name": user}):
				self.site.documents.update("User", user, {"enabled": int(enabled)})
			else:
				values = {"name": user, "email": user, "first_name": "Gone", "send_welcome_email": 0}
				self.site.documents.create("User", {**values, "enabled": int(enabled)})
		self.site.database.commit()

	def hold_slot(self, agent: str) -> None:
		"""Keep one of the agent's slots in use."""
		self.site.database.execute(
			"INSERT INTO dogan_slot (resource, number, holder) VALUES (%s, 1, %s)",
			(f"agent:{agent}", f"held {agent}"),
		)
		self.site.database.commit()

	def free_slot(self, agent: str) -> None:
		self.site.database.execute("DELETE FROM dogan_slot WHERE holder = %s", (f"held {agent}",))
		self.site.database.commit()
