"""What an action is: a small class with its parameters as a JSON Schema.

The schema drives the check of definitions, the form in the desk and the reference in docs/. Another app adds its own
classes through the hook `dogansystem_actions` (a list of dotted paths to Action classes).
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

from dogansystem.actions.schema import Check, compile_check
from dogansystem.protocol import Site


@dataclass(frozen=True, slots=True)
class StepContext:
	"""What an action may know about the attempt it runs in.

	Attributes:
		idempotency_key: the same for every attempt of this step of this run; goes out with external effects.
		now: seconds since 1970 (UTC).
		timeout: seconds this attempt may take, or None.
		reference: doctype and name of the document that the run is about, or None; `doc` has its values as the run started.
		start_run: starts a run of a workflow with an input, as one that this step has started; gives its name.
		ask_agent: does the next part of what `agent.ask` has to do; gives what an action gives.
	"""

	site: Site
	run: str
	workflow: str
	step: str
	item: int | None
	attempt: int
	user: str
	idempotency_key: str
	now: float
	timeout: float | None = None
	reference: tuple[str, str] | None = None
	start_run: Callable[[str, Any], str] | None = None
	ask_agent: "Callable[[dict[str, Any], StepContext], Any] | None" = None
	doc: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Wait:
	"""Given back by an action instead of an output: the step waits, as a row.

	Attributes:
		until: when its time is over (epoch seconds); None: no time ends it.
		output: what it succeeds with then, where nothing but time ends it.
		kind: what ends it: `wait` (time alone), `signal`, `child` or `decision`.
		key: which signal (`engine.signals.subject_of`), which run, or which approval.
		instead: undo what the attempt has done, and do this in its place.
	"""

	until: float | None = None
	output: Any = None
	kind: str = "wait"
	key: str | None = None
	instead: Callable[[], None] | None = None


@dataclass(frozen=True, slots=True)
class Again:
	"""Given back by an action that has done a part of its work: the next part is an attempt of its own.

	Attributes:
		until: not before that (epoch seconds); None: at once.
		instead: undo what the attempt has done, and do this in its place.
	"""

	until: float | None = None
	instead: Callable[[], None] | None = None


@dataclass(frozen=True, slots=True)
class Branch:
	"""Given back by an action that ends in one of several ways: the name of that way, and the output."""

	name: str
	output: Any


@dataclass(frozen=True, slots=True)
class Stop:
	"""Given back by an action instead of an output: the run ends here with `status`."""

	status: str
	message: str = ""


class Action(ABC):
	"""One thing a step can do.

	Attributes:
		name: family and verb, `document.create`.
		summary: one line, for the form and the reference.
		parameters: JSON Schema (draft 2020-12) of the rendered `params`, always an object.
		returns: one line that says what the output is.
		branches: the ways in which it may end, where there are several.
		branches_from: the parameter, a list of mappings, whose names are ways in which it may end, before those of `branches_of`.
		external: whether it has effects outside the database, which no rollback undoes.
		reads_only: whether it changes nothing, neither here nor outside.
		repeats: an attempt that has lost against another transaction is made again, though the action is external: it keeps
			by itself what has come back.
		offered: whether the form offers it to people.
		example: params of a step that does it for a document, for the reference. A test runs it.
	"""

	name: ClassVar[str]
	summary: ClassVar[str]
	parameters: ClassVar[Mapping[str, Any]]
	returns: ClassVar[str]
	branches: ClassVar[tuple[str, ...]] = ()
	branches_from: ClassVar[str] = ""
	external: ClassVar[bool] = False
	reads_only: ClassVar[bool] = False
	repeats: ClassVar[bool] = False
	offered: ClassVar[bool] = True
	example: ClassVar[Mapping[str, Any]] = {}

	def branches_of(self, params: Mapping[str, Any]) -> tuple[str, ...]:
		"""The branches of a step with these params, templates and all."""
		return self.branches

	def validate(self, params: Mapping[str, Any]) -> None:
		"""Raise ValidationError, naming each wrong path, unless the rendered `params` fit the schema."""
		if check := _check_of(type(self)):
			check(params)

	def missing(self, site: Site, params: Mapping[str, Any]) -> str | None:
		"""What a site lacks for a step with these params, templates and all, and what to do; None: nothing."""
		return None

	@abstractmethod
	def run(self, params: dict[str, Any], context: StepContext) -> Any:
		"""Do it once, in the step's transaction. Give back JSON data, a `Branch`, a `Wait`, an `Again` or a `Stop`; raise to
		fail.

		`params` are rendered and have passed `validate`.
		"""


@cache
def _check_of(kind: type[Action]) -> Check | None:
	return compile_check(kind.parameters)


def schemas(actions: Mapping[str, Action]) -> dict[str, Mapping[str, Any]]:
	"""The JSON Schema of each action's params, by the action's name."""
	return {name: action.parameters for name, action in actions.items()}


def branches(actions: Mapping[str, Action]) -> Callable[[str, Mapping[str, Any]], Sequence[str]]:
	"""A function that gives the branches of a step by the name of its action and its params."""
	return lambda name, params: actions[name].branches_of(params) if name in actions else ()
