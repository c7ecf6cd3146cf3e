"""Real RQ workers that are killed, stopped, sent away and cut off: nothing is lost, nothing happens twice.

`--all` gives the long form.
"""

import os
import random
import signal
import time
from collections import Counter
from contextlib import ExitStack
from datetime import datetime, timezone

import frappe
from frappe.utils.background_jobs import get_queue

from dogansystem.api import approvals
from dogansystem.api.errors import AlreadyDecided
from dogansystem.tests.asking import forget_approvals
from dogansystem.tests.contract.home import PERSON, step
from dogansystem.tests.home import MANAGER, OTHER, USER
from tests import scale
from tests.bench.load import MARK, LoadTestCase, makes
from tests.bench.processes import Worker
from tests.bench.redis_server import RedisServer, own_redis

WORKERS = 2
KILLS = scale.of(2, 20)
STEPS = scale.of(100, 2_000)
IN_FLIGHT = 25  # runs


class TestKills(LoadTestCase):
	def test_workers_killed_again_and_again_lose_and_double_nothing(self):
		chance = random.Random(5)
		killed = 0
		workers = [Worker() for _ in range(WORKERS)]
		try:
			while killed < KILLS or self.steps < STEPS:
				self.start_some(max(0, IN_FLIGHT - self.unfinished()))
				time.sleep(chance.uniform(0.2, 1.5))
				victim = chance.randrange(WORKERS)
				if workers[victim].horses():  # it has something in hand
					workers[victim].kill()
					workers[victim] = Worker()
					killed += 1
				self.tick()
			self.wait_until_done(120)
		finally:
			for worker in workers:
				worker.__exit__()
		self.assert_right("bench: kill -9 of workers", kills=killed)

	def test_a_worker_stopped_past_its_lease_changes_nothing_afterwards(self):
		with Worker() as stopped:
			self.start_some(12)
			self.wait_for(lambda: frappe.db.sql("SELECT 1 FROM dogan_lease WHERE begun_at IS NOT NULL"))
			(horse,) = stopped.horses()
			os.kill(horse, signal.SIGSTOP)
			# On this node a look at the process says that it is there: only the lease tells.
			with Worker():
				took = self.wait_until_done(60)
				os.kill(horse, signal.SIGCONT)
				time.sleep(1)
		self.assert_right("bench: SIGSTOP past the lease, SIGCONT", stalls=1, seconds=round(took, 1))

	def test_workers_told_to_leave_twice_under_load_leave_nothing_in_hand(self):
		slowest = 0.0
		for _ in range(2):
			self.start_some(IN_FLIGHT)
			with ExitStack() as stack:
				workers = [stack.enter_context(Worker()) for _ in range(WORKERS)]
				self.wait_for(lambda: frappe.db.sql("SELECT 1 FROM dogan_lease"))
				slowest = max(slowest, *(worker.terminate() for worker in workers))
			frappe.db.rollback()
			self.assertEqual(frappe.db.sql("SELECT * FROM dogan_lease"), ())
			self.assertEqual(frappe.db.sql("SELECT * FROM dogan_process"), ())
		with Worker():
			self.wait_until_done(60)
		self.assertEqual(frappe.db.count("Dogan Step Run", {"attempts": [">", 1]}), 0)
		self.assert_right(
			"bench: SIGTERM to all workers", workers=2 * WORKERS, slowest_seconds=round(slowest, 1)
		)


class TestRedis(LoadTestCase):
	"""Redis is the doorbell only: whatever it forgets, two ticks later all goes on."""

	def setUp(self) -> None:
		stack = ExitStack()
		self.addCleanup(stack.close)
		self.redis: RedisServer = stack.enter_context(own_redis())
		if self.redis is None:
			self.skipTest("no redis-server here")
		super().setUp()

	def in_minutes(self) -> float:
		"""Let a scheduler tick; gives how many ticks it took until everything has ended. Its minutes are 5 seconds."""
		ticks = 0
		while self.unfinished():
			for guard in self.redis.client.scan_iter("*:called"):
				self.redis.client.delete(guard)  # it lasts for a quarter of a minute at most
			self.tick()
			ticks += 1
			self.assertLess(ticks, 10, self.describe())
			until = time.monotonic() + 5
			while time.monotonic() < until and self.unfinished():
				time.sleep(0.2)
		return ticks

	def test_a_redis_that_is_flushed_in_mid_load(self):
		with Worker(), Worker():
			self.start_some(IN_FLIGHT)
			self.wait_for(lambda: frappe.db.sql("SELECT 1 FROM dogan_lease"))
			self.redis.client.flushall()
			self.start_some(5)
			self.redis.client.flushall()
			ticks = self.in_minutes()
			self.assertLessEqual(ticks, 2)
		self.assert_right("bench: Redis flushed", ticks=ticks)

	def test_a_redis_that_restarts_empty_in_mid_load(self):
		with Worker(), Worker():
			self.start_some(IN_FLIGHT)
			self.wait_for(lambda: frappe.db.sql("SELECT 1 FROM dogan_lease"))
			self.redis.kill()
			self.start_some(5)  # nobody who saves a document has to wait for Redis
			time.sleep(1)
			self.redis.start()
			time.sleep(6)  # RQ's workers look again after some seconds
			ticks = self.in_minutes()
			self.assertLessEqual(ticks, 2)
		self.assert_right("bench: Redis restarted empty", ticks=ticks)

	def test_a_redis_that_is_out_of_memory_for_a_while(self):
		with ExitStack() as stack:
			worker = stack.enter_context(Worker())
			self.wait_for(lambda: self.redis.client.scard("rq:workers"))
			self.redis.client.config_set("maxmemory", "1")
			self.start_some(10)
			self.tick()
			time.sleep(3)
			self.redis.client.config_set("maxmemory", "0")
			if worker.process.poll() is not None:  # RQ gives up; a process manager starts another
				stack.enter_context(Worker())
				self.wait_for(lambda: self.redis.client.scard("rq:workers"))
			ticks = self.in_minutes()
			self.assertLessEqual(ticks, 2)
		self.assert_right("bench: Redis out of memory", ticks=ticks)


class TestDecisions(LoadTestCase):
	"""People decide while workers are killed and Redis is away: what they were told is kept, and counts once."""

	PEOPLE = (PERSON, MANAGER, USER, OTHER)
	WORKFLOW = "contract-asks"

	def setUp(self) -> None:
		stack = ExitStack()
		self.addCleanup(stack.close)
		self.redis: RedisServer = stack.enter_context(own_redis())
		if self.redis is None:
			self.skipTest("no redis-server here")
		super().setUp()
		self.addCleanup(forget_approvals)
		forget_approvals()
		asks = step("ok", "flow.approve", params={"to": list(self.PEOPLE), "subject": "contract faults"})
		self.save(
			self.WORKFLOW, [asks, makes("yes", after=["ok.approved"]), makes("no", after=["ok.rejected"])]
		)
		self.told: dict[
			str, tuple[str, str]
		] = {}  # of each approval, who was told that they have decided, and what

	def open_approvals(self) -> list[str]:
		frappe.db.rollback()
		return frappe.get_all("Dogan Approval", {"status": "Open", "workflow": self.WORKFLOW}, pluck="name")

	def decide_all(self, chance: random.Random) -> None:
		"""All four decide everything that is open, in any order, each by the API and with a commit of their own."""
		tries = [(name, user) for name in self.open_approvals() for user in self.PEOPLE]
		for name, user in chance.sample(tries, len(tries)):
			decision = chance.choice(["approved", "rejected"])
			frappe.set_user(user)
			try:
				approvals.decide(name, decision)
				frappe.db.commit()
			except AlreadyDecided as error:
				frappe.db.rollback()
				self.assertIn(self.told[name][0], str(error))
				self.late += 1
			else:
				self.assertNotIn(name, self.told)
				self.told[name] = (user, decision)
			finally:
				frappe.set_user("Administrator")

	def test_decisions_while_redis_is_away_and_workers_are_killed(self):
		chance, killed, self.late = random.Random(9), 0, 0
		runs = scale.of(8, 40)
		for _ in range(2):
			self.started |= {self.start(self.WORKFLOW): self.WORKFLOW for _ in range(runs // 2)}
			with Worker():
				self.wait_for(lambda: len(self.open_approvals()) == runs // 2 or self.tick(), 60)
			self.redis.kill()
			self.decide_all(chance)  # nobody can be rung for
			self.redis.start()
			with Worker() as worker:
				self.tick()
				self.wait_for(lambda worker=worker: worker.horses() or not self.unfinished())
				worker.kill()  # in the middle of what was decided
				killed += 1
			with Worker():
				self.wait_until_done(90)
		self.assert_decided(killed)

	def assert_decided(self, killed: int) -> None:
		frappe.db.rollback()
		self.assertEqual(len(self.told), len(self.started))
		decisions = frappe.get_all("Dogan Approval Decision", ["approval", "by_user", "decision"])
		kept = {each.approval: (each.by_user, each.decision) for each in decisions}
		self.assertEqual((kept, len(decisions)), (self.told, len(self.told)))
		rows = frappe.get_all("Dogan Approval", {"workflow": self.WORKFLOW}, ["name", "run", "status"])
		branch = {each.run: {"Approved": "yes", "Rejected": "no"}[each.status] for each in rows}
		found = Counter(frappe.get_all("ToDo", {"description": ["like", f"{MARK} %"]}, pluck="description"))
		self.assertEqual(found, Counter(f"{MARK} {run}.{taken}" for run, taken in branch.items()))
		self.assertEqual(frappe.db.count("ToDo", {"reference_type": "Dogan Approval", "status": "Open"}), 0)
		todos = frappe.get_all(
			"ToDo", {"reference_type": "Dogan Approval"}, ["reference_name", "allocated_to"]
		)
		asked = Counter((each.reference_name, each.allocated_to) for each in todos)
		self.assertEqual(asked, Counter((name, user) for name in self.told for user in self.PEOPLE))
		log = frappe.get_all(
			"Notification Log", {"document_type": "Dogan Approval"}, ["document_name", "for_user"]
		)
		rings = Counter((each.document_name, each.for_user) for each in log)
		wanted = {
			(name, user): 1 + (user != self.told[name][0]) for name in self.told for user in self.PEOPLE
		}
		self.assertEqual(dict(rings), wanted)
		print(
			f"\nbench: decisions, Redis away and workers killed: kills {killed}, approvals {len(self.told)},"
			f" told too late {self.late}, lost 0, doubled 0",
			flush=True,
		)


class TestFairness(LoadTestCase):
	settings = LoadTestCase.settings | {"time_budget_seconds": 300}

	def test_another_site_s_job_waits_for_no_more_than_two_turns_of_a_flood(self):
		"""One worker, one site that has enough to do for a long time, and jobs of another site in the same queue.

		A turn is a drain job. There may be the one at work, and one that was called before the other site's job came.
		"""
		queue = get_queue("dogansystem")
		waits, turns = [], []
		with Worker():
			self.start_some(150)
			self.wait_for(lambda: frappe.db.sql("SELECT 1 FROM dogan_lease"))
			for number in range(5):
				job = queue.enqueue("time.sleep", 0, job_id=f"elsewhere-{number}", result_ttl=60)
				while job.get_status() != "finished":
					time.sleep(0.02)
				job.refresh()
				waits.append((job.started_at - job.enqueued_at).total_seconds())
				turns.append(self.turns_between(job.enqueued_at, job.started_at))
			self.assertGreater(self.unfinished(), 20, "the flood was over")
			self.wait_until_done(120)
		self.assert_right(
			"bench: one site's flood", longest_wait_of_another=round(max(waits), 2), most_turns=max(turns)
		)
		self.assertLessEqual(max(turns), 2)

	def turns_between(self, *moments: datetime) -> int:
		"""How many drain jobs, each a process of its own, began steps of the flood between two moments in UTC."""
		begin, end = (self.site.local_time(each.replace(tzinfo=timezone.utc).timestamp()) for each in moments)
		frappe.db.rollback()
		query = "SELECT COUNT(DISTINCT worker) FROM `tabDogan Step Run` WHERE started_at BETWEEN %s AND %s"
		return frappe.db.sql(query, (begin, end))[0][0]
