"""Actions of the fault tests: an effect that can be counted, and ways for a step to misbehave."""

import ctypes
import os
import signal
import time
from collections.abc import Mapping
from typing import Any, ClassVar

from dogansystem.actions.base import Action, StepContext
from dogansystem.agents.ai.conversation import Answer, Asked, Model
from dogansystem.agents.ai.providers import scripted
from dogansystem.homes.sandbox import Sandbox

# No unique key: whatever happens twice is there twice.
TABLES = {
	"mariadb": "CREATE TABLE IF NOT EXISTS fault_effect (id BIGINT AUTO_INCREMENT PRIMARY KEY,"
	" step_run VARCHAR(140) NOT NULL, attempt INT, user VARCHAR(140), pid INT, KEY (step_run)) ENGINE=InnoDB"
	" CHARACTER SET=utf8mb4 COLLATE=utf8mb4_unicode_ci",
	"sqlite": "CREATE TABLE IF NOT EXISTS fault_effect (id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" step_run VARCHAR(140) NOT NULL, attempt INT, user VARCHAR(140), pid INT)",
}


class _Action(Action):
	parameters: ClassVar[Mapping[str, Any]] = {"type": "object"}
	returns: ClassVar[str] = "what it was given"

	def run(self, params: dict[str, Any], context: StepContext) -> Any:
		write_effect(context)
		self.misbehave(params, context)
		return params

	def misbehave(self, params: dict[str, Any], context: StepContext) -> None:
		"""Do what this action is there for."""


class Effect(_Action):
	"""Leaves a row behind, takes `seconds`, and fails in its first `failures` attempts."""

	name: ClassVar[str] = "fault.effect"
	summary: ClassVar[str] = "An effect that can be counted"

	def misbehave(self, params: dict[str, Any], context: StepContext) -> None:
		time.sleep(params.get("seconds", 0))
		if context.attempt <= params.get("failures", 0):
			raise ConnectionError(f"attempt {context.attempt} fails")


class Kill(_Action):
	"""Kills its own worker, in the first `times` attempts."""

	name: ClassVar[str] = "fault.kill"
	summary: ClassVar[str] = "Kill the worker"

	def misbehave(self, params: dict[str, Any], context: StepContext) -> None:
		if context.attempt <= params.get("times", 1000):
			os.kill(os.getpid(), signal.SIGKILL)


class Statement(_Action):
	"""Runs a statement on the step's own connection, or calls its commit; `swallow` hides the refusal."""

	name: ClassVar[str] = "fault.statement"
	summary: ClassVar[str] = "Run a statement in mid-step"

	def misbehave(self, params: dict[str, Any], context: StepContext) -> None:
		database = context.site.database
		try:
			database.commit() if params["statement"] == "commit()" else database.execute(params["statement"])
		except Exception:
			if not params.get("swallow"):
				raise


class Contend(_Action):
	"""Adds one to each of two rows that others want too: `first`, then `then`; with `look` it has read them before."""

	name: ClassVar[str] = "fault.contend"
	summary: ClassVar[str] = "Want what others want"

	def misbehave(self, params: dict[str, Any], context: StepContext) -> None:
		database = context.site.database
		if params.get("look"):
			database.sql("SELECT * FROM fault_row")
			time.sleep(0.001)
		for row in (params["first"], params["then"]):
			database.execute("UPDATE fault_row SET n = n + 1 WHERE id = %s", (row,))
			time.sleep(0.005)


class Deaf(_Action):
	"""Ignores that its time is up: it catches everything and goes on, for `seconds`, in the first attempt."""

	name: ClassVar[str] = "fault.deaf"
	summary: ClassVar[str] = "Ignore the timeout"

	def misbehave(self, params: dict[str, Any], context: StepContext) -> None:
		until = time.monotonic() + params["seconds"]
		while context.attempt == 1 and time.monotonic() < until:
			try:
				time.sleep(until - time.monotonic())
			except BaseException:
				continue


class InC(_Action):
	"""Is in C code for `seconds`, where no signal handler of Python runs; with `gil` no other thread either. In the first attempt."""

	name: ClassVar[str] = "fault.in_c"
	summary: ClassVar[str] = "Be somewhere in C"

	def misbehave(self, params: dict[str, Any], context: StepContext) -> None:
		library = (ctypes.PyDLL if params.get("gil") else ctypes.CDLL)(None)
		if context.attempt == 1:
			_without_signals(library, int(params["seconds"] * 1000))


def _without_signals(library: ctypes.CDLL, milliseconds: int) -> None:
	"""Be in one C call for so long: alarms are left pending until it returns."""
	before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM, signal.SIGTERM})
	try:
		library.poll(None, 0, milliseconds)
	finally:
		signal.pthread_sigmask(signal.SIG_SETMASK, before)


ACTIONS = (Effect, Kill, Statement, Contend, Deaf, InC)


def write_effect(context: StepContext) -> None:
	"""Leave a row in the step's transaction."""
	context.site.database.execute(
		"INSERT INTO fault_effect (step_run, attempt, user, pid) VALUES (%s, %s, %s, %s)",
		(context.idempotency_key, context.attempt, context.site.user, os.getpid()),
	)


def noted(model: Model, asked: Asked, step: str) -> Answer:
	"""What the script of a model says. That it was asked is written into the file that it is called after, for good."""
	turn = 1 + sum(each.role == "assistant" for each in asked.messages)
	with open(model.model, "a") as requests:
		requests.write(f"{asked.messages[0].text} {turn}\n")
	return scripted.answer(model, asked)


class FaultSandbox(Sandbox):
	"""A sandbox that has these actions, and the table of their effects."""

	def __init__(self, *arguments: Any, **options: Any) -> None:
		super().__init__(*arguments, **options)
		for action in ACTIONS:
			self.add_action(f"{action.__module__}.{action.__name__}")
		self.models = noted
		self.database.execute(TABLES[self.dialect])
		self.database.commit()
