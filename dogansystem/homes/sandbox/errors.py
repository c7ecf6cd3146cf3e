"""The errors of the sandbox's documents, by the names that Frappe gives them.

A workflow names errors by their class (`retry: {on: [TimestampMismatchError]}`), so a name has to mean the same in both
homes. The parents are Frappe's as well.
"""

from dogansystem.engine.errors import DoganError


class ValidationError(DoganError):
	"""A document that is not valid, or a request that makes no sense for it."""


class PermissionError(DoganError):
	"""The acting user may not do this."""


class DoesNotExistError(ValidationError):
	"""There is no such document."""


class NameError(DoganError):
	"""A name that a document cannot have."""


class DuplicateEntryError(NameError):
	"""A document of this type and name exists already."""


class InvalidNameError(ValidationError):
	"""A name with characters that no name may have."""


class CharacterLengthExceededError(ValidationError):
	"""A value that is longer than its column."""


class DataError(ValidationError):
	"""A field name, filter or sort order that cannot be read."""


class CannotChangeConstantError(ValidationError):
	"""A field that keeps the value it was created with."""


class UpdateAfterSubmitError(ValidationError):
	"""A submitted document does not change any more."""


class DocstatusTransitionError(ValidationError):
	"""Drafts are submitted, submitted documents are cancelled; there is no other way."""


class WorkflowTransitionError(ValidationError):
	"""An action that is not open in the state that the document is in."""


class TimestampMismatchError(ValidationError):
	"""The document has been changed since it was read."""


class InvalidEmailAddressError(ValidationError):
	"""An address that no mail can go to."""
