"""Errors by the names that `retry: {on: […]}` takes."""

from collections.abc import Iterator, Mapping

from dogansystem.actions.schema import ValidationError
from dogansystem.engine import errors
from dogansystem.engine.definition import Retry
from dogansystem.engine.retry import PASSING, is_retried
from dogansystem.homes.sandbox import errors as documents
from generator.markdown import code, summary, table

# Errors that come from elsewhere, and what they mean in a step.
OTHERS: Mapping[str, str] = {
	"ConnectionError": "A server could not be reached, or the connection broke off.",
	**{name: "Frappe: the moment was wrong, not the values." for name in sorted(PASSING)},
	"TimestampMismatchError": "The document has been changed since it was read.",
}
# What is raised before or after the steps, and so never within an attempt.
_NOT_OF_STEPS = frozenset({"DoganError"})


def write() -> str:
	"""The errors of steps."""
	rows = {name: (text, retried) for name, text, retried in (*_own(), *_documents(), *_others())}
	return table(
		("error", "means", "retried, unless `on` says otherwise"),
		[(code(name), text, "yes" if retried else "no") for name, (text, retried) in sorted(rows.items())],
	)


def _own() -> Iterator[tuple[str, str, bool]]:
	for kind in vars(errors).values():
		if (
			isinstance(kind, type)
			and issubclass(kind, errors.DoganError)
			and kind.__name__ not in _NOT_OF_STEPS
		):
			yield _described(kind)


def _documents() -> Iterator[tuple[str, str, bool]]:
	for kind in vars(documents).values():
		if isinstance(kind, type) and issubclass(kind, errors.DoganError) and kind is not errors.DoganError:
			yield _described(kind)
	yield "ValidationError", f"{summary(ValidationError.__doc__)} Or a document that is not valid.", False


def _others() -> Iterator[tuple[str, str, bool]]:
	for name, text in OTHERS.items():
		# In Frappe the passing ones are ValidationErrors.
		names = (name, "ValidationError") if name in PASSING else (name,)
		yield name, text, is_retried(Retry(), names)


def _described(kind: type[Exception]) -> tuple[str, str, bool]:
	names = errors.error_names(kind.__new__(kind))
	return kind.__name__, summary(kind.__doc__), is_retried(Retry(), names)
