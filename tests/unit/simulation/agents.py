"""The story of AI agents whose workers die: real drainers, killed where chance says, and people who decide in between.

What has gone out to a model, and to another system, is noted beside the database: no death takes it back.
"""

import os
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from random import Random
from typing import Any, ClassVar

from dogansystem import Orchestrator
from dogansystem.actions.base import Action, StepContext
from dogansystem.actions.registry import core_actions
from dogansystem.agents.ai import calling, sending
from dogansystem.agents.ai.conversation import Answer, Asked, Model, ModelBusy, call_of
from dogansystem.engine.errors import AlreadyDecided
from dogansystem.homes.sandbox import Sandbox, TestClock
from dogansystem.store import asks, faults, spending
from dogansystem.worker.drainer import Drainer
from dogansystem.worker.tick import tick
from tests.unit.simulation.invariants import Broken

CLERK, BOSS, PERSON = "clerk@example.com", "boss@example.com", "person@example.com"
POINTS = (
	"step.before_commit",
	"step.after_commit",
	"control.before_commit",
	"control.after_commit",
	*faults.AGENT_POINTS,
)
LIMIT = "0.35"  # what the agent may cost on a day: some asks are refused
MAX_RUNS, ROUNDS = 8, 80
TABLE = "CREATE TABLE IF NOT EXISTS sim_call (id INTEGER PRIMARY KEY AUTOINCREMENT, call_key VARCHAR(140))"


class Killed(BaseException):
	"""A worker that is killed: no handler of errors sees it."""


class Effect(Action):
	"""Writes a row with the key of its call; fails at times, after it has written."""

	name = "sim.effect"
	summary = "Write a row"
	parameters: ClassVar[Mapping[str, Any]] = {"type": "object"}
	returns = "its key"

	def run(self, params: dict[str, Any], context: StepContext) -> Any:
		key = context.idempotency_key
		context.site.database.execute("INSERT INTO sim_call (call_key) VALUES (%s)", (key,))
		if params.get("fails"):
			raise ValueError("after it has written")
		return key


class Outside(Action):
	"""Reaches another system, which notes the key of the call."""

	name = "sim.outside"
	summary = "Reach another system"
	external = True
	parameters: ClassVar[Mapping[str, Any]] = {"type": "object"}
	returns = "its key"
	seen: ClassVar[Counter[str]] = Counter()

	def run(self, params: dict[str, Any], context: StepContext) -> Any:
		self.seen[context.idempotency_key] += 1
		return context.idempotency_key


class Mortal(Drainer):
	"""A drainer that does nothing more once it was killed."""

	is_dead = False

	def _leave(self) -> None:
		if not self.is_dead:
			super()._leave()


class Place(Sandbox):
	"""A sandbox with actions that count."""

	def actions(self) -> Mapping[str, Action]:
		"""Those of the app, and these."""
		return {**core_actions(), Effect.name: Effect(), Outside.name: Outside()}


class World:
	"""Everything of one seed."""

	def __init__(self, url: "str | os.PathLike[str]", seed: int) -> None:
		self.chance = Random(seed)
		self.clock = TestClock()
		self.place = Place(url, clock=self.clock, timezone="UTC")
		self.orchestrator = Orchestrator(self.place)
		self.sent: Counter[tuple[str, int]] = Counter()  # by ask and turn
		self.story: deque[str] = deque(maxlen=25)
		self.kills = self.looks = 0
		self._broken: Broken | None = None  # which a worker has caught on its way
		Outside.seen = Counter()
		self.place.models = self.say
		self.place.set_settings(linger_seconds=0)
		self.place.database.execute(TABLE)
		self.watcher = self.place.open_control()
		self._set_up()

	def _set_up(self) -> None:
		tools = [{"action": name, "approval": approval, "name": f"{name[4:]}_{approval}"} for name in ("sim.effect", "sim.outside") for approval in ("never", "always")]  # fmt: skip
		for tool in tools:
			tool["tool_name"] = tool.pop("name")
		model = {
			"doctype": "Dogan Model",
			"provider": "scripted",
			"price_in": 10,
			"price_out": 50,
			"max_answer": 400,
		}
		self.place.load_documents(
			[
				{**model, "name": "Second"},
				{**model, "name": "First", "fallback": "Second"},
				{"doctype": "Dogan Agent", "name": "Clerk", "user": CLERK, "model": "First", "tools": tools, "capacity": 3, "max_cost_per_day": LIMIT},
				{"doctype": "User", "name": CLERK, "enabled": 1, "roles": []},
				{"doctype": "User", "name": BOSS, "enabled": 1, "roles": [{"role": "Dogan Manager"}]},
			]
		)  # fmt: skip
		step = {"id": "ask", "action": "agent.ask", "params": {"agent": "Clerk", "prompt": "{{ run.name }}"}, "retry": {"attempts": 40, "delay": 0}}  # fmt: skip
		self.orchestrator.import_workflow({"name": "asks", "run_as": PERSON, "steps": [step]})
		self.place.database.commit()

	# The model

	def say(self, model: Model, asked: Asked, step: str) -> Answer:
		"""An answer by chance. A request is recorded before it goes out, and not sent again once its answer is kept."""
		run = asked.messages[0].text.split()[0]
		number = 1 + sum(each.role == "assistant" for each in asked.messages)
		turn = self._turn(run, number)
		self.sent[run, number] += 1
		if turn is None or turn.state != asks.ASKING:
			self._broken = Broken("no_answer_is_asked_for_again", f"{run} {number} is {turn and turn.state}")
		elif self.sent[run, number] > turn.sendings:
			told = f"{run} {number}: {self.sent[run, number]} sent, {turn.sendings} recorded"
			self._broken = Broken("requests_are_recorded_before", told)
		roll = self.chance.random()
		if roll < 0.15:
			raise ModelBusy("busy", pause=1.0, may_have_answered=self.chance.random() < 0.5)
		if number > 3 or roll < 0.35:
			return Answer("Done.", (), 40, 10)
		names = [each.name for each in asked.tools]
		params = {"fails": self.chance.random() < 0.2, "n": self.chance.randrange(1000)}
		calls = tuple(call_of(f"c{place}", self.chance.choice(names[:-1]), str(params).replace("'", '"').replace("True", "true").replace("False", "false")) for place in range(self.chance.randint(1, 2)))  # fmt: skip
		return Answer("", calls, 40, 20)

	def _turn(self, run: str, number: int) -> asks.Turn | None:
		ask = asks.latest(self.watcher, f"{run}.ask")
		found = asks.turns(self.watcher, ask.id) if ask else []
		self.watcher.rollback()
		return found[number - 1] if len(found) >= number else None

	# What happens

	def play(self, actions: int) -> None:
		"""Do so many things that chance chooses, and look at everything after each."""
		for number in range(actions):
			what = self.chance.choices(["start", "work", "die", "decide", "pass_time"], [3, 3, 9, 4, 2])[0]
			self.story.append(f"{number} {what}: {getattr(self, what)()}")
			self.look()

	def start(self) -> str:
		states = ("Queued", "Running", "Waiting")
		found = self.watcher.sql(
			"SELECT COUNT(*) FROM `tabDogan Workflow Run` WHERE status IN (%s, %s, %s)", states
		)
		self.watcher.rollback()
		if found[0][0] >= MAX_RUNS:
			return "enough"
		run = self.orchestrator.start_run("asks", {})
		self.place.database.commit()
		return run

	def work(self) -> str:
		return f"{Mortal(self.place, linger=0.0, inline=True, until=lambda: True).run()} steps"

	def die(self) -> str:
		"""A worker that is killed at a point that it comes by for the n-th time."""
		point, left = self.chance.choice(POINTS), self.chance.randint(1, 9)
		drainer = Mortal(self.place, linger=0.0, inline=True, until=lambda: True)

		def strike() -> None:
			nonlocal left
			left -= 1
			if left == 0:
				drainer.is_dead = True
				raise Killed

		try:
			with faults.armed(point, strike):
				drainer.run()
			return f"did not come by {point}"
		except Killed:
			self.kills += 1
			self.place.database.rollback()
			sending._received.clear()  # what it knew dies with it
			calling._given.clear()
			return f"killed at {point}"

	def decide(self) -> str:
		pending = self.orchestrator.pending_approvals()
		self.place.database.rollback()
		if not pending:
			return "nothing is asked"
		asked, decision = (
			self.chance.choice(pending),
			self.chance.choice(["approved", "approved", "rejected"]),
		)
		try:
			self.orchestrator.decide(asked["approval"], decision, user=BOSS)
		except AlreadyDecided:
			self.place.database.rollback()
			return "too late"
		self.place.database.commit()
		return decision

	def pass_time(self) -> str:
		self.clock.advance(self.chance.choice([1, 5, 40, 40, 90]))
		return str(tick(self.place))

	def end(self) -> None:
		"""Let everything come to its end."""
		for _ in range(ROUNDS):
			self.clock.advance(90)
			tick(self.place)
			self.work()
			while self.decide() not in ("nothing is asked", "too late"):
				pass
			self.look()
			left = self.watcher.sql(
				"SELECT name, status FROM `tabDogan Workflow Run` WHERE status NOT IN ('Succeeded', 'Failed')"
			)
			self.watcher.rollback()
			if not left:
				return
		raise Broken("every_run_ends", str(left))

	# What must be true

	def look(self) -> None:
		"""Raise Broken for what does not hold."""
		self.looks += 1
		if self._broken:
			raise self._broken
		try:
			for rule in (self._effects_are_what_is_recorded, self._what_is_spent_is_what_the_asks_have_cost):
				for problem in rule():
					raise Broken(rule.__name__[1:], problem)
		finally:
			self.watcher.rollback()

	def _every_ask(self) -> list[tuple[asks.Ask, list[asks.Turn]]]:
		found = [
			asks.latest(self.watcher, row[0])
			for row in self.watcher.sql("SELECT DISTINCT step_run FROM dogan_ask")
		]
		return [(ask, asks.turns(self.watcher, ask.id)) for ask in found if ask]

	def _effects_are_what_is_recorded(self) -> Iterator[str]:
		there = Counter(row[0] for row in self.watcher.sql("SELECT call_key FROM sim_call"))
		recorded: Counter[str] = Counter()
		outside: set[str] = set()
		for ask, turns in self._every_ask():
			for turn in turns:
				for place, call in enumerate(turn.calls):
					key = f"{ask.step_run}:{ask.id}.{turn.number}.{place}"
					if call.is_done and call.error is None:
						(outside.add if call.tool.startswith("outside") else recorded.update)(key if call.tool.startswith("outside") else [key])  # fmt: skip
						if call.tool.endswith("always") and not call.approved_by:
							yield f"{key} was made and nobody has approved it"
		if there != recorded:
			yield f"effects {dict(there - recorded)} too many, {dict(recorded - there)} lost"
		if lost := outside - Outside.seen.keys():
			yield f"{lost} is recorded, and the other system has not heard of it"

	def _what_is_spent_is_what_the_asks_have_cost(self) -> Iterator[str]:
		asked = self._every_ask()
		for subject in (spending.SITE, spending.of_agent("Clerk")):
			spent = sum(row[0] for row in self.watcher.sql("SELECT cost FROM dogan_spending WHERE subject = %s", (subject,)))  # fmt: skip
			cost = sum(ask.cost for ask, _ in asked)
			if spent != cost:
				yield f"{subject}: {spent} spent, and the asks have cost {cost}"
		most = self.watcher.sql("SELECT MAX(cost) FROM dogan_spending WHERE subject = %s", (spending.of_agent("Clerk"),))[0][0] or 0  # fmt: skip
		if most > Decimal(LIMIT) * 10**9:
			yield f"{most} is over the limit of a day"
		for ask, turns in asked:
			kept = sum(turn.cost for turn in turns)
			if ask.cost < kept or (ask.cost != kept and all(turn.sendings == 1 for turn in turns)):
				yield f"{ask.step_run} has cost {ask.cost}, its turns {kept}"


@contextmanager
def world(url: "str | os.PathLike[str]", seed: int) -> Iterator[World]:
	"""The world of a seed, which is closed at the end."""
	with ExitStack() as stack:
		made = World(url, seed)
		stack.callback(made.place.close)
		yield made
