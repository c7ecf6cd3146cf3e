"""The engine's errors as Frappe's errors: a caller over HTTP gets a status, a name and the text.

Nothing has changed then: Frappe rolls back a request that ends with an error.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from html import escape

import frappe
from frappe import _

from dogansystem.engine import errors
from dogansystem.homes.frappe.translated import translated


class InputError(frappe.ValidationError):
	"""An argument or input that does not fit. The text names each place."""

	http_status_code = 422


class DefinitionError(InputError):
	"""A workflow definition that cannot be used."""


class WrongState(frappe.ValidationError):
	"""The thing is in a state that does not allow this."""

	http_status_code = 409


class LimitReached(frappe.ValidationError):
	"""A limit is full."""

	http_status_code = 429


class AlreadyDecided(WrongState):
	"""A decision came too late; the text says who was first and when."""


class NotAsked(frappe.PermissionError):
	"""The caller is not asked, or may not decide this."""


class DecisionIncomplete(InputError):
	"""A needed field or comment is missing."""


# The first one that fits is used.
_ERRORS: tuple[tuple[type[errors.DoganError], type[Exception]], ...] = (
	(errors.AlreadyDecided, AlreadyDecided),
	(errors.NotAsked, NotAsked),
	(errors.DecisionIncomplete, DecisionIncomplete),
	(errors.NotFound, frappe.DoesNotExistError),
	(errors.NotAllowed, frappe.PermissionError),
	(errors.WrongState, WrongState),
	(errors.LimitReached, LimitReached),
	(errors.DefinitionError, DefinitionError),
	(errors.DoganError, InputError),
)


@contextmanager
def as_frappe_errors() -> Iterator[None]:
	"""Turn the engine's errors that leave the block into Frappe's."""
	try:
		yield
	except errors.DoganError as error:
		kind = next(theirs for ours, theirs in _ERRORS if isinstance(error, ours))
		text = escape(translated(error), quote=False).replace("\n", "<br>")
		frappe.throw(text, kind, title=_title(kind))


def _title(kind: type[Exception]) -> str:
	titles: dict[type[Exception], str] = {
		AlreadyDecided: _("Already Decided"),
		NotAsked: _("Not Asked"),
		DecisionIncomplete: _("Something Is Missing"),
		frappe.DoesNotExistError: _("Not Found"),
		frappe.PermissionError: _("Not Permitted"),
		WrongState: _("Not Possible Now"),
		LimitReached: _("Limit Reached"),
		DefinitionError: _("Definition Not Valid"),
		InputError: _("Input Not Valid"),
	}
	return titles[kind]
