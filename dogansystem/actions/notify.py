"""Telling the site's own users something, on their desk."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from dogansystem.actions.base import Action, StepContext
from dogansystem.actions.parameters import document_of, one_or_many, words
from dogansystem.engine.errors import NotFound

SHARED: Mapping[str, Any] = {
	"subject": words("What it is about, in one line", needed=True),
	"message": words("The text below the subject; HTML is allowed"),
	"document": document_of("The document it opens; the one the run is about if left out"),
}


def _notify(users: Sequence[str], params: Mapping[str, Any], context: StepContext) -> dict[str, Any]:
	document = params.get("document")
	notified = context.site.people.notify(
		users,
		str(params["subject"]),
		str(params.get("message", "")),
		(document["doctype"], document["name"]) if document else context.reference,
	)
	return {"notified": notified}


class User(Action):
	"""Notifies users by name."""

	name: ClassVar[str] = "notify.user"
	summary: ClassVar[str] = "Notify a user"
	parameters: ClassVar[Mapping[str, Any]] = {
		"type": "object",
		"additionalProperties": False,
		"required": ["user", "subject"],
		"properties": {"user": one_or_many("Who is told: a user, or a list of users"), **SHARED},
	}
	returns: ClassVar[str] = "{notified: the users it reached}"

	def run(self, params: dict[str, Any], context: StepContext) -> dict[str, Any]:
		given = params["user"]
		users = list(dict.fromkeys([given] if isinstance(given, str) else given))
		unknown = [user for user in users if not context.site.people.exists(user)]
		if unknown:
			raise NotFound(
				f"params.user: {', '.join(unknown)}: no such user here, or disabled. Name users that are enabled."
			)
		return _notify(users, params, context)


class Role(Action):
	"""Notifies everyone who has a role. Nobody having it is not an error: roles are empty at times."""

	name: ClassVar[str] = "notify.role"
	summary: ClassVar[str] = "Notify everyone who has a role"
	parameters: ClassVar[Mapping[str, Any]] = {
		"type": "object",
		"additionalProperties": False,
		"required": ["role", "subject"],
		"properties": {
			"role": {"type": "string", "minLength": 1, "description": "Everyone with this role is told"},
			**SHARED,
		},
	}
	returns: ClassVar[str] = "{notified: the users it reached}"

	def run(self, params: dict[str, Any], context: StepContext) -> dict[str, Any]:
		users = context.site.people.users_with_role(params["role"])
		return _notify(users, params, context) if users else {"notified": []}
