"""Errors with a name that a person can put into `retry: {on: […]}`, and what an error is called.

An error is known by the name of its class. Its parents' names count too, so `on: [ValidationError]` also means
Frappe's MandatoryError, and `on: [ConnectionError]` means the one of `requests`.
"""

from dataclasses import dataclass


class DoganError(Exception):
	"""Base of the errors this app raises on purpose. The text names the thing, what is wrong, what to do."""


class DefinitionError(DoganError):
	"""A workflow definition that cannot be used. Carries every problem found, not only the first."""

	def __init__(self, problems: "list[Problem]", source: str = ""):
		self.problems = problems
		self.source = source
		super().__init__("\n".join(f"{source}: {each}" if source else str(each) for each in problems))


@dataclass(frozen=True, slots=True)
class Problem:
	"""One thing wrong in a definition: where (`steps[2].after[0]`) and what, with a remedy."""

	path: str
	message: str

	def __str__(self) -> str:
		return f"{self.path}: {self.message}" if self.path else self.message


class UnreadableVersion(DoganError):
	"""A stored version of a workflow that cannot be used: missing, broken, or of a newer release's format."""

	def __init__(
		self, version: str, problem: str, remedy: str = "save the workflow again, and start its runs anew"
	) -> None:
		self.version, self.problem, self.remedy = version, problem, remedy
		super().__init__(f"The workflow version {version!r} cannot be used: {problem}; {remedy}.")


class InputError(DoganError):
	"""The input of a run does not fit the workflow's `input` schema."""


def half_a_character(error: UnicodeEncodeError) -> InputError:
	"""What is wrong with a text that a database cannot take because it has no form in UTF-8."""
	return InputError(
		f"A text holds half of a character (a lone surrogate) at position {error.start}: write whole ones."
	)


class TemplateError(DoganError):
	"""A template that cannot be rendered: a syntax error, or a name that does not exist."""


class OutputTooLarge(DoganError):
	"""A step's output, or a run's input or output, is more than 1 MB of JSON."""


class OutputNotJSON(DoganError):
	"""A step's output holds something that JSON has no form for."""


class CheckFailed(DoganError):
	"""`data.check` found its condition false."""


class Timeout(DoganError):
	"""An attempt took longer than the step's `timeout`, or a run longer than its `run_timeout`."""


class HTTPError(DoganError):
	"""A remote server answered with a status that the step does not expect."""


class WorkerLost(DoganError):
	"""The process that ran the step was killed or lost its lease."""


class RunFailed(DoganError):
	"""A run that a step has started and waited for did not succeed."""


class StepCommitted(DoganError):
	"""A step tried to commit or roll back by itself, which would part its effects from its progress."""


class ReachedOutside(DoganError):
	"""Something tried to leave the site, in a way that cannot be kept in, while a workflow was tried out."""


class NotFound(DoganError):
	"""A workflow, run, step or agent that does not exist."""


class NotAvailable(DoganError):
	"""Something that this place does not have, or has switched off: the sandbox has no reports."""


class NotAllowed(DoganError):
	"""The person who asks may not do this."""


class WrongState(DoganError):
	"""What was asked for does not fit the state the thing is in: a disabled workflow, a finished run."""


class LimitReached(DoganError):
	"""A limit is full: `max_agents`, a workflow's `concurrent_runs` with `when_full: skip`, the depth of runs."""


class TooDeep(LimitReached):
	"""Runs that start each other have made a chain longer than allowed."""


class AlreadyDecided(WrongState):
	"""A decision came too late: somebody was first, or the deadline has passed, or nobody is asked any more."""


class NotAsked(NotAllowed):
	"""The person who decides is not asked, or may not decide this."""


class DecisionIncomplete(InputError):
	"""A decision without a comment or a value that it needs."""


class NobodyCanDecide(DoganError):
	"""Nobody is left who may decide: says who was left out, and why."""


class BudgetExceeded(DoganError):
	"""An AI agent would use more than it may: says which limit it is, and what is used of it."""


class OutputError(DoganError):
	"""An AI agent's answer does not have the form that was asked for, after all its turns."""


# What another attempt cannot change. Source: workflow-format.md, semantics 6.
PERMANENT = frozenset(
	{
		"ValidationError",
		"PermissionError",
		"DoesNotExistError",
		"TemplateError",
		"CheckFailed",
		"DefinitionError",
		"UnreadableVersion",
		"InputError",
		"OutputTooLarge",
		"OutputNotJSON",
		"StepCommitted",
		"ReachedOutside",
		"NotFound",
		"NotAvailable",
		"NotAllowed",
		"LimitReached",
		"NobodyCanDecide",
		"BudgetExceeded",
		"OutputError",
		"ModelError",
	}
)


def error_names(error: BaseException) -> tuple[str, ...]:
	"""The class name of `error` and of its parents up to `Exception`, nearest first."""
	parents = [each.__name__ for each in type(error).__mro__ if each not in (BaseException, object)]
	return tuple(parents) or (type(error).__name__,)
