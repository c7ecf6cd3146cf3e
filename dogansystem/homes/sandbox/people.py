"""The sandbox's people: users with roles, and an outbox that records what they would have been told."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from jinja2 import DebugUndefined, TemplateError
from jinja2.sandbox import SandboxedEnvironment

from dogansystem.engine.errors import NotFound
from dogansystem.homes.sandbox.deciders import Deciders
from dogansystem.homes.sandbox.errors import InvalidEmailAddressError, ValidationError
from dogansystem.homes.sandbox.shelf import Place
from dogansystem.homes.sandbox.values import plain
from dogansystem.protocol.people import ADMINISTRATOR, GUEST
from dogansystem.store.moment import moment

USER = "User"
NOTICE = "notice"  # the kind of what is told about the workflows themselves
EVERYBODY = frozenset({"All", "Guest"})
# A user without a User document is a person with a laptop who tries things out.
TRUSTED = EVERYBODY | {"Desk User", "System Manager", "Dogan Manager", "Dogan User"}

_ADDRESS = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+\Z")
# Names that are not there stay in the text as they are, as in Frappe's own templates.
_templates = SandboxedEnvironment(undefined=DebugUndefined)


class People(Deciders):
	"""A `protocol.People`."""

	def __init__(self, site: Place) -> None:
		self._site = site

	def add_user(
		self, user: str, roles: Iterable[str] = (), *, full_name: str = "", enabled: bool = True
	) -> None:
		"""Add or replace a user, who has these roles and no others. Commits."""
		described = {
			"doctype": USER,
			"name": user,
			"email": user,
			"full_name": full_name or user.partition("@")[0],
			"enabled": int(enabled),
			"roles": [{"role": role} for role in roles],
		}
		self._site.load_documents([described])

	def exists(self, user: str) -> bool:
		"""Whether `user` may act. One without a User document may; Guest may not."""
		if not user or user == GUEST:
			return False
		described = self._site.shelf.find(USER, user)
		return described is None or bool(described.get("enabled", 1))

	def roles(self, user: str) -> set[str]:
		"""The roles of a user; one without a User document has the common ones."""
		if user == GUEST:
			return {GUEST}
		described = self._site.shelf.find(USER, user)
		return set(TRUSTED) if described is None else {*EVERYBODY, *_roles(described)}

	def is_own_address(self, address: str) -> bool:
		"""Whether it is that of an Email Account."""
		accounts = self._site.shelf.all("Email Account")
		return any(str(each.get("email_id", "")).lower() == address.lower() for each in accounts)

	def mails_sent_to(self, address: str, seconds: float) -> int:
		"""How many mails to an address were recorded."""
		since = self._site.now() - seconds
		found = self._messages("kind = %s AND sent_at > %s", ("email", since))
		return sum(address in (*each["to"], *each["cc"]) for each in found)

	def users_with_role(self, role: str) -> list[str]:
		"""The enabled users who were given the role, in the order they were added; never Administrator."""
		return [
			user["name"]
			for user in self._site.shelf.all(USER)
			if user.get("enabled", 1) and role in _roles(user) and user["name"] not in (ADMINISTRATOR, GUEST)
		]

	def send_email(
		self,
		*,
		to: Sequence[str],
		subject: str,
		message: str,
		template: str | None = None,
		values: Mapping[str, Any] | None = None,
		cc: Sequence[str] = (),
		attachments: Sequence[Any] = (),
		print_of: Mapping[str, Any] | None = None,
		in_reply_to: str | None = None,
		reference: tuple[str, str] | None = None,
	) -> list[str]:
		"""Record a mail in the current transaction; gives the addresses it would go to.

		Raises InvalidEmailAddressError, DoesNotExistError for a missing template or printed document, NotFound for a
		missing File, PermissionError for what the user may not read.
		"""
		if not to:
			raise ValidationError("The email has no recipient. Name at least one address in `to`.")
		for address in (*to, *cc):
			if not _ADDRESS.match(address):
				raise InvalidEmailAddressError(f"{address!r} is no email address. Write name@example.com.")
		if print_of:
			self._site.documents.get(print_of["doctype"], print_of["name"])
		if in_reply_to:
			self._site.documents.get("Communication", in_reply_to)
		text = self._from_template(template, values or {}) if template else message
		content: dict[str, Any] = {"to": list(to), "cc": list(cc), "subject": subject, "message": text}
		if in_reply_to:
			content["in_reply_to"] = in_reply_to
		content["attachments"] = [self._attachment(given) for given in attachments]
		self._record(
			"email", {**content, "print": plain(print_of, "print"), "reference": _reference(reference)}
		)
		return [*to, *cc]

	def _from_template(self, name: str, values: Mapping[str, Any]) -> str:
		template = self._site.documents.get("Email Template", name)
		text = template.get("response_html" if template.get("use_html") else "response")
		try:
			return _templates.from_string(str(text or "")).render(values)
		except TemplateError as error:
			raise ValidationError(f"Email Template {name!r} cannot be rendered: {error}") from error

	def _attachment(self, given: Any) -> Any:
		if not isinstance(given, str):
			return plain(given, "attachments")
		by_url = self._site.documents.list("File", {"file_url": given}, limit=1)
		if not by_url and self._site.shelf.find("File", given) is None:
			raise NotFound(f"There is no File named {given}, nor one with that URL.")
		return given

	def missing_for(self, channel: str) -> str | None:
		"""Nothing: what would be sent is recorded."""

	def send_sms(self, to: Sequence[str], message: str) -> list[str]:
		"""Record an SMS; gives the numbers it would go to."""
		self._record("sms", {"to": list(to), "message": message})
		return list(to)

	def send_whatsapp(
		self, to: Sequence[str], message: str, reference: tuple[str, str] | None = None
	) -> list[str]:
		"""Record a WhatsApp message; gives the numbers it would go to."""
		self._record("whatsapp", {"to": list(to), "message": message, "reference": _reference(reference)})
		return list(to)

	def notify(
		self, users: Sequence[str], subject: str, message: str = "", document: tuple[str, str] | None = None
	) -> list[str]:
		"""Record a desk notification for those of `users` who are enabled; gives them."""
		return self._tell("notification", users, subject, message, document)

	def notice(
		self, users: Sequence[str], subject: str, message: str, documents: Sequence[tuple[str, str]]
	) -> list[str]:
		"""Record what users were told about the workflows themselves, apart from what workflows have told; gives them."""
		return self._tell(NOTICE, users, subject, message, documents[0])

	def _tell(
		self, kind: str, users: Sequence[str], subject: str, message: str, about: tuple[str, str] | None
	) -> list[str]:
		reached = [user for user in users if self.exists(user)]
		if reached:
			content = {"to": reached, "subject": subject, "message": message, "reference": _reference(about)}
			self._record(kind, content)
		return reached

	def notices(self) -> list[dict[str, Any]]:
		"""What users were told about the workflows themselves, in order, as JSON data."""
		return self._messages("kind = %s", (NOTICE,))

	def _record(self, kind: str, content: Mapping[str, Any]) -> None:
		data = json.dumps({**content, "sender": self._site.user}, ensure_ascii=False)
		self._site.database.execute(
			"INSERT INTO sandbox_message (kind, sent_at, data) VALUES (%s, %s, %s)",
			(kind, self._site.now(), data),
		)

	def outbox(self, after: int = 0) -> list[dict[str, Any]]:
		"""Everything that workflows sent, in order, as JSON data; only what has a larger `id` than `after`."""
		return self._messages("kind <> %s AND id > %s", (NOTICE, after))

	def _messages(self, condition: str, values: Sequence[Any]) -> list[dict[str, Any]]:
		rows = self._site.database.sql(
			f"SELECT id, kind, sent_at, data FROM sandbox_message WHERE {condition} ORDER BY id", values
		)
		return [
			{"id": number, "kind": kind, "sent_at": moment(self._site, sent_at).text, **json.loads(data)}
			for number, kind, sent_at, data in rows
		]


def _roles(user: Mapping[str, Any]) -> list[str]:
	return [str(row.get("role")) for row in user.get("roles") or []]


def _reference(document: tuple[str, str] | None) -> dict[str, str] | None:
	return {"doctype": document[0], "name": document[1]} if document else None
