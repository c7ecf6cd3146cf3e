"""Telling the site's own users something, on their desk."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from dogansystem.actions.base import Action, StepContext
from dogansystem.actions.schema import document_of, one_or_many, parameters, text, words
from dogansystem.engine.errors import NotFound

SUBJECT = words("What it is about, in one line", needed=True)
OPTIONAL = {
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
	name = "notify.user"
	summary = "Notify a user"
	parameters = parameters(
		{"user": one_or_many("Who is told: a user, or a list of users"), "subject": SUBJECT}, OPTIONAL
	)
	returns = "{notified: the users it reached}"
	example: ClassVar[Mapping[str, Any]] = {
		"user": "sales@example.com",
		"subject": "{{ doc.name }} expires soon",
	}

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

	name = "notify.role"
	summary = "Notify everyone who has a role"
	parameters = parameters({"role": text("Everyone with this role is told"), "subject": SUBJECT}, OPTIONAL)
	returns = "{notified: the users it reached}"
	example: ClassVar[Mapping[str, Any]] = {"role": "Sales Manager", "subject": "{{ doc.name }} expires soon"}

	def run(self, params: dict[str, Any], context: StepContext) -> dict[str, Any]:
		users = context.site.people.users_with_role(params["role"])
		return _notify(users, params, context) if users else {"notified": []}
