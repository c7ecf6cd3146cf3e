"""The story of one seed: workflows, runs, processes and people, in an order that chance gives."""

import os
import random
from collections import deque
from collections.abc import Callable
from random import Random
from types import SimpleNamespace
from unittest.mock import patch

from dogansystem import Orchestrator
from dogansystem.engine.errors import AlreadyDecided, LimitReached, NotAllowed, NotAsked, WrongState
from dogansystem.protocol import Database
from dogansystem.store import admission, children, history, names
from dogansystem.store.leasing import Lease
from dogansystem.store.moment import moment
from dogansystem.triggers import batch as batching
from dogansystem.worker import chores, failing
from dogansystem.worker.control import Control
from dogansystem.worker.tick import tick
from tests.unit.simulation import definitions, invariants, snapshot
from tests.unit.simulation.invariants import Broken, Known
from tests.unit.simulation.place import Place
from tests.unit.simulation.process import Process

MAX_PROCESSES = 4
MAX_RUNS = 12
KEYS = ("first", "second")  # idempotency keys that starts use again and again
LAST_TOLD = 25  # actions shown when a seed fails
EVERYTHING = (
	"SELECT name, status, modified FROM `tabDogan Workflow Run`"
	" UNION ALL SELECT name, status, modified FROM `tabDogan Step Run`"
	" UNION ALL SELECT name, status, modified FROM `tabDogan Approval` ORDER BY 1"
)
MAX_ROUNDS = 60  # until everything must have come to its end


class Killed(BaseException):
	"""A process that is killed: no handler of errors sees it."""


class World:
	"""Everything of one seed. `play` does one action after the other; `end` lets all work come to its end."""

	def __init__(self, url: "str | os.PathLike[str]", seed: int, *, in_parts: bool = False):
		"""`in_parts`: AI agents do many of the steps, each in several attempts."""
		self._in_parts = in_parts
		self.chance = Random(seed)
		random.seed(seed)  # for the jitter of what the chores retry
		# Names are drawn too: what is sorted by name must come out the same when the seed is played again.
		names.secrets = SimpleNamespace(randbits=self.chance.getrandbits)  # type: ignore[attr-defined]
		self.known = Known()
		self.story: deque[str] = deque(maxlen=LAST_TOLD)
		self.actions = 0
		self.looks = 0
		self.steps = 0
		self.place = Place(url)
		self.orchestrator = Orchestrator(self.place)
		self.control = Control(self.place)
		self.processes: list[Process] = []
		self._registered = 0
		self._started: dict[tuple[str, str], str] = {}
		self._broken: Broken | None = None
		self._workflows = [f"flow-{number}" for number in range(self.chance.randint(1, 3))]
		self._workflows += [definitions.BELOW, *self.chance.choice([[], [definitions.ASKING]])]
		self._prepare()
		self.place.committed = self._look

	def _prepare(self) -> None:
		for name, capacity in definitions.AGENTS.items():
			capabilities = definitions.CAPABILITIES[name]
			self.orchestrator.register_agent(name, definitions.PERSON, capabilities, capacity)
		self.place.database.commit()
		for name in self._workflows:
			self._publish(name)
		self.place.load_documents(
			{"doctype": definitions.DOCTYPE, "name": name} for name in definitions.DOCUMENTS
		)
		self.orchestrator.import_workflow(definitions.WATCHER)
		self.known.most_runs[definitions.WATCHER["name"]] = 0
		self.place.database.commit()

	def _publish(self, name: str) -> None:
		definition = definitions.workflow(self.chance, name)
		if self._in_parts:
			definitions.let_agents_do(self.chance, definition)
		most = definition.get("limits", {}).get("concurrent_runs", 0)
		self.known.most_runs[name] = max(self.known.most_runs.get(name, 0), most)
		self.orchestrator.import_workflow(definition)
		self.place.database.commit()

	def _look(self) -> None:
		if not self.place.has_changed():
			return
		self.looks += 1
		try:
			invariants.check(snapshot.take(self.place), self.known)
		except Broken as broken:
			self._broken = self._broken or broken
			raise

	# Asking

	def holds(self, lease: Lease) -> bool:
		"""Whether a lease is still its owner's."""
		query = "SELECT 1 FROM dogan_lease WHERE process = %s AND seq = %s AND step_run = %s"
		return bool(self._ask(query, (lease.process, lease.seq, lease.step_run)))

	def is_registered(self, process: int) -> bool:
		return bool(self._ask("SELECT 1 FROM dogan_process WHERE id = %s", (process,)))

	def _ask(self, query: str, values: tuple = ()) -> list[tuple]:
		found = self.place.watcher.sql(query, values)
		self.place.watcher.rollback()
		return found

	def _runs(self, *states: str) -> list[str]:
		marks = ", ".join(["%s"] * len(states))
		query = f"SELECT name FROM `tabDogan Workflow Run` WHERE status IN ({marks}) ORDER BY queued_at, name"
		return [row[0] for row in self._ask(query, states)]

	# Acting

	def play(self, actions: int) -> None:
		"""Do so many actions, whatever chance gives."""
		names, weights = zip(*ACTIONS.items(), strict=True)
		for name in self.chance.choices(names, weights, k=actions):
			self.do(name)

	def do(self, name: str) -> None:
		"""Do one action, and tell it."""
		self.actions += 1
		self.story.append(f"{self.actions:4} {name}")
		told = getattr(self, f"do_{name}")()
		self.story[-1] += f": {told}"
		if self._broken:  # somebody has caught it on its way
			raise self._broken

	def do_work(self) -> str:
		if not (process := self._any_process()):
			return self.do_arrive()
		self.steps += 1
		told = process.go_on()
		self._forget_gone()
		return f"{process} {told}"

	def _any_process(self, stalled: bool = False) -> Process | None:
		fitting = [each for each in self.processes if each.stalled == stalled]
		return self.chance.choice(fitting) if fitting else None

	def _forget_gone(self) -> None:
		self.processes = [each for each in self.processes if not each.gone]

	def do_arrive(self) -> str:
		if len(self.processes) >= MAX_PROCESSES:
			return "no room"
		self._registered += 1
		process = Process(self, self._registered)
		self.processes.append(process)
		return str(process)

	def do_crash(self) -> str:
		return self._with_process(Process.crash)

	def do_leave(self) -> str:
		return self._with_process(Process.leave)

	def do_beat(self) -> str:
		return self._with_process(Process.beat)

	def do_slow(self) -> str:
		return self._with_process(Process.give_back)

	def do_reconnect(self) -> str:
		return self._with_process(Process.reconnect)

	def _with_process(self, act: Callable[[Process], str]) -> str:
		if not (process := self._any_process()):
			return "nobody"
		told = act(process)
		self._forget_gone()
		return f"{process} {told}"

	def do_stall(self) -> str:
		if process := self._any_process():
			process.stalled = True
		return str(process)

	def do_wake(self) -> str:
		if process := self._any_process(stalled=True):
			process.stalled = False
		return str(process)

	def do_pass_time(self) -> str:
		seconds = self.chance.choice([0.5, 3, 20, 20, 31, 600, 4000])
		for process in list(self.processes):
			if not process.stalled and self.chance.random() < 0.7:
				process.beat()
		self.place.clock.advance(seconds)
		return f"{seconds} s"

	def do_chores(self) -> str:
		return str(chores.do(self.place, self.control))

	def do_tick(self) -> str:
		return str(tick(self.place))

	def do_admit(self) -> str:
		return str(self.admit())

	def admit(self) -> int:
		"""Let in what stands in line, as every process does after it has freed something."""
		at = moment(self.place)
		return self.control.run(lambda db: admission.admit(db, failing.definition_of(self.place, db), at))

	def do_start(self) -> str:
		if len(self._runs("Queued", "Running", "Waiting", "Paused")) >= MAX_RUNS:
			return "enough"
		workflow = self.chance.choice(self._workflows)
		key = self.chance.choice([None, None, None, *KEYS])
		given = {"customer": self.chance.choice("AB"), "items": [1, 2]}
		first = self._started.get((workflow, key)) if key else None
		try:
			run = self.orchestrator.start_run(workflow, given, idempotency_key=key)
		except LimitReached:
			self.place.database.rollback()
			return "skipped"
		self.place.database.commit()
		if first not in (None, run):
			raise Broken("a_key_starts_one_run", f"{workflow} {key}: {first}, then {run}")
		if key:
			self._started[workflow, key] = run
		return run

	def do_batch(self) -> str:
		"""Ask for runs for some documents, one of which is gone; or cancel what is left of it."""
		running = self._ask("SELECT name FROM `tabDogan Batch` WHERE status = 'Running'")
		if running and self.chance.random() < 0.5:
			dropped = self.orchestrator.batches.cancel(running[0][0])
			self.place.database.commit()
			return f"{running[0][0]} cancelled, {dropped} were left"
		if len(self._runs("Queued", "Running", "Waiting", "Paused")) >= MAX_RUNS or running:
			return "enough"
		chosen = self.chance.sample([*definitions.DOCUMENTS, "gone"], self.chance.randint(1, 4))
		workflow, given = self.chance.choice(self._workflows), {"customer": "A", "items": [1]}
		batch = self.orchestrator.batches.start(workflow, definitions.DOCTYPE, chosen, input=given)
		self.place.database.commit()
		return f"{batch} {workflow} {chosen}"

	def do_chores_die(self) -> str:
		"""A process that does chores is killed before it commits what a batch asks for."""
		with patch.object(batching.batches, "settle", side_effect=Killed):
			try:
				return str(chores.do(self.place, self.control))
			except Killed:
				return "killed"

	def do_signal(self) -> str:
		name = self.chance.choice(definitions.SIGNALS)
		key = self.chance.choice([None, None, "once"])
		number = self.orchestrator.signal(name, data={"sent": self.actions}, idempotency_key=key)
		self.place.database.commit()
		return f"{name} {number}"

	def do_decide(self) -> str:
		"""Somebody decides something, or tries to, or is cut off before the commit."""
		pending = self.orchestrator.pending_approvals()
		self.place.database.rollback()
		if not pending:
			return "nothing is asked"
		asked, user = self.chance.choice(pending), self.chance.choice(definitions.PEOPLE)
		decision = (
			"answered" if asked["kind"] == "ask" else self.chance.choice(["approved", "approved", "rejected"])
		)
		told = f"{asked['approval']} {user} {decision}"
		try:
			self.orchestrator.decide(asked["approval"], decision, user=user)
		except (AlreadyDecided, NotAsked) as error:
			self.place.database.rollback()
			return f"{told}: {error}"
		if self.chance.random() < 0.1:
			self.place.database.rollback()
			return f"{told}, and was cut off"
		self.known.decided[asked["approval"], user] = decision
		self.place.database.commit()
		return told

	def do_pass_on(self) -> str:
		pending = self.orchestrator.pending_approvals()
		self.place.database.rollback()
		if not pending:
			return "nothing is asked"
		asked, users = self.chance.choice(pending), self.chance.sample(definitions.PEOPLE, 2)
		try:
			self.orchestrator.pass_on(asked["approval"], users[1], user=users[0])
		except (WrongState, NotAllowed) as error:
			self.place.database.rollback()
			return str(error)
		self.place.database.commit()
		return f"{asked['approval']} from {users[0]} to {users[1]}"

	def do_publish(self) -> str:
		name = self.chance.choice(self._workflows)
		self._publish(name)
		return name

	def do_pause(self) -> str:
		return self._ask_of_run("pause_run", "Queued", "Running", "Waiting")

	def do_resume(self) -> str:
		return self._ask_of_run("resume_run", "Paused")

	def do_cancel(self) -> str:
		undo = {"compensate": self.chance.random() < 0.5}
		return self._ask_of_run("cancel_run", "Queued", "Running", "Waiting", "Paused", **undo)

	def _ask_of_run(self, what: str, *states: str, **rest: bool) -> str:
		if not (runs := self._runs(*states)):
			return "none"
		run = self.chance.choice(runs)
		getattr(self.orchestrator, what)(run, **rest)
		self.place.database.commit()
		return run

	def do_retry(self) -> str:
		if not (runs := self._runs("Succeeded", "Failed", "Cancelled")):
			return "none"
		run = self.chance.choice(runs)
		steps = [
			row[0]
			for row in self._ask("SELECT step FROM `tabDogan Step Run` WHERE run = %s AND item = 0", (run,))
		]
		step = self.chance.choice([None, *steps])
		try:
			again = self.orchestrator.retry_run(run, step)
		except WrongState:
			self.place.database.rollback()
			return f"{run}: nothing to retry"
		# The items are named after their step, and made anew with it.
		for step_run, of in self._ask("SELECT name, step FROM `tabDogan Step Run` WHERE run = %s", (run,)):
			self.known.generations[step_run] += of in again
		self.place.database.commit()
		return f"{run} from {step}: {again}"

	def do_purge(self) -> str:
		"""Delete what has ended in some state and is old enough."""
		state = self.chance.choice(["Succeeded", "Failed", "Cancelled"])
		before = moment(self.place, self.place.now() - self.chance.choice([0, 60, 4000])).text

		def delete(db: Database) -> list[str]:
			deleted = history.purge(db, state, before, 3)
			self.known.purged |= set(deleted)
			return deleted

		gone = self.control.run(delete)
		self._started = {key: run for key, run in self._started.items() if run not in gone}
		return f"{state} before {before}: {gone}"

	def do_count(self) -> str:
		return str(self.control.run(lambda db: history.count(db, self.chance.randint(1, 3))))

	def do_agent(self) -> str:
		name = self.chance.choice(list(definitions.AGENTS))
		change = self.chance.choice([self.orchestrator.enable_agent, self.orchestrator.disable_agent])
		change(name)
		self.place.database.commit()
		return f"{change.__name__} {name}"

	# The end

	def end(self) -> None:
		"""Crash everybody, then let everything come to its end with processes that do their work."""
		self.processes.clear()
		for name in definitions.AGENTS:
			self.orchestrator.enable_agent(name)
		self.place.database.commit()
		self._drain()
		if left := [
			run for run in self._runs("Queued", "Running", "Waiting") if not self._waits_for_paused(run)
		]:
			raise Broken("every_run_ends", self._describe(left))
		while paused := self._runs("Paused"):
			self.orchestrator.resume_run(paused[0])  # and those that it waits for
			self.place.database.commit()
		self._drain()
		if left := self._runs("Queued", "Running", "Waiting", "Paused"):
			raise Broken("every_run_ends", "after it was resumed: " + self._describe(left))
		for table in ("ready", "lease", "line", "slot", "timer", "process"):
			if rows := self._ask(f"SELECT * FROM dogan_{table}"):
				raise Broken("nothing_is_left", f"dogan_{table} holds {rows}")

	def _waits_for_paused(self, run: str) -> bool:
		"""Whether a run stands in line for slots that are all held by paused runs, or waits for a paused run."""
		holders = self._ask(
			"SELECT r.name, r.status FROM dogan_line l JOIN dogan_slot s ON s.resource = l.resource"
			" JOIN `tabDogan Workflow Run` r ON r.name = s.holder WHERE l.run = %s AND l.step_run IS NULL",
			(run,),
		)
		if holders and all(status == "Paused" or self._waits_for_paused(name) for name, status in holders):
			return True
		below = children.under_way(self.place.watcher, run)
		self.place.watcher.rollback()
		return any(child in self._runs("Paused") or self._waits_for_paused(child) for child in below)

	def _describe(self, left: list[str]) -> str:
		"""Why the first of these runs did not end, as far as its rows tell."""
		now = snapshot.take(self.place)
		run = now.runs[left[0]]
		steps = [f"{step.name} {step.status} {now.places.get(step.name, '')}" for step in run.steps.values()]
		slots = [row for row in now.slots if row[2].startswith(run.name)]
		return "\n".join(
			[f"{run.name} stays {run.status} {run.ending}", *steps, f"slots: {slots}", f"line: {now.line}"]
		)

	def _drain(self) -> None:
		"""Work and tick until a whole round has changed nothing."""
		now: list[tuple] = []
		for _ in range(MAX_ROUNDS):
			self.place.clock.advance(3601)
			for name in definitions.SIGNALS:
				self.orchestrator.signal(name)
			self.place.database.commit()
			self._decide_all()
			self.story.append("     tick")
			tick(self.place)
			process = Process(self, 0, obliging=True)
			while not process.gone:
				self.story.append(f"     {process} {process.go_on()}")
				if self.story[-1].endswith("claimed []"):
					process.leave()
			before, now = now, self._ask(EVERYTHING)
			if before == now and not self._ask("SELECT 1 FROM dogan_process"):
				return

	def _decide_all(self) -> None:
		"""Everybody who is asked agrees."""
		for asked in self.orchestrator.pending_approvals():
			for user in asked["asked"]:
				try:
					self.orchestrator.decide(
						asked["approval"], "answered" if asked["kind"] == "ask" else "approved", user=user
					)
				except AlreadyDecided:
					self.place.database.rollback()
				self.place.database.commit()


ACTIONS = {
	"work": 120,
	"start": 14,
	"arrive": 6,
	"crash": 4,
	"leave": 3,
	"beat": 4,
	"slow": 4,
	"reconnect": 2,
	"stall": 4,
	"wake": 4,
	"pass_time": 10,
	"chores": 10,
	"tick": 5,
	"admit": 4,
	"signal": 5,
	"batch": 4,
	"chores_die": 2,
	"decide": 20,
	"pass_on": 2,
	"publish": 2,
	"pause": 6,
	"resume": 6,
	"cancel": 3,
	"retry": 6,
	"agent": 3,
	"purge": 3,
	"count": 4,
}
