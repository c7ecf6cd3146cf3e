"""Documents and people, as steps meet them: with the permissions of the user who acts."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from dogansystem.protocol.changed import Recorded
from dogansystem.protocol.files import Files, Reports
from dogansystem.protocol.people import Deciders

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Act:
	"""What a step was doing when it raised an error: the action's name, its rendered parameters, and who acted."""

	action: str
	params: Mapping[str, Any]
	user: str


class Documents(Protocol):
	"""Documents as the acting user may see and change them. Raises PermissionError, DoesNotExistError,
	ValidationError (by these class names) when the user may not, there is no such document, or it is not valid."""

	def fields_of(self, doctype: str) -> Collection[str] | None:
		"""The names of a DocType's fields, standard ones included; None where they are not known. A mapping gives their types
		too."""

	def exists(self, doctype: str, name: str) -> bool | None:
		"""Whether there is a document of exactly this name (a user: one who is enabled), whoever may read it; None: that is
		not known here."""

	def get(self, doctype: str, name: str, fields: Sequence[str] | None = None) -> Document: ...
	def seen_by(self, user: str, document: Document) -> Document | None: ...
	def list(
		self,
		doctype: str,
		filters: Any = None,
		fields: Sequence[str] | None = None,
		order_by: str | None = None,
		limit: int = 1000,
	) -> list[Document]: ...
	def count(self, doctype: str, filters: Any = None) -> int:
		"""How many documents `list` could give, each counted once."""

	def load(self, given: Mapping[str, Any]) -> None:
		"""Write a document as it is, over one of the same name: no permissions, no events. For what is rolled back."""

	def create(self, doctype: str, values: Mapping[str, Any]) -> Document: ...
	def update(self, doctype: str, name: str, values: Mapping[str, Any]) -> Document: ...
	def upsert(
		self, doctype: str, key: Mapping[str, Any], values: Mapping[str, Any]
	) -> tuple[Document, bool]:
		"""Change the document that has the values of `key`, or create it; gives it, and whether it is new.

		Raises ValidationError if there is more than one. Where a unique field or the name stands in the key, two at once
		come to one document.
		"""

	def submit(self, doctype: str, name: str) -> Document: ...
	def cancel(self, doctype: str, name: str) -> Document: ...
	def delete(self, doctype: str, name: str) -> Document: ...
	def amend(self, doctype: str, name: str, values: Mapping[str, Any]) -> Document:
		"""A new draft that takes the place of a cancelled document, with these values changed."""

	def rename(self, doctype: str, name: str, new_name: str) -> str:
		"""Give a document a name that none of its type has; gives the name it has then."""

	def convert(self, method: str, name: str, values: Mapping[str, Any], *, submit: bool = False) -> Document:
		"""Save the document that a whitelisted mapper makes of another one, with these values changed."""

	def transition(self, doctype: str, name: str, action: str) -> Document:
		"""Take an action of the Workflow of this type; gives `{name, state}`.

		Raises PermissionError for who may not, and an error that names the open actions for one that is not open.
		"""

	def comment(self, doctype: str, name: str, text: str) -> Document: ...
	def assign(self, doctype: str, name: str, user: str, description: str | None = None) -> Document: ...
	def unassign(self, doctype: str, name: str, user: str | None = None) -> Sequence[str]:
		"""End a user's open assignments to a document, or everybody's; gives the users."""

	def tag(self, doctype: str, name: str, tags: Sequence[str], *, remove: bool = False) -> Sequence[str]:
		"""Add tags to a document, or take them away; gives all it has then."""

	def share(self, doctype: str, name: str, user: str, rights: Collection[str]) -> Document:
		"""Share a document for reading and for these `rights`, of `write`, `submit` and `share`, which the acting user
		must have. Rights that the user was given before stay. Gives the share's name."""


class People(Deciders, Protocol):
	"""Telling people something. Each call gives the users or addresses it reached."""

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
		"""Queue a mail in the current transaction; gives the addresses it goes to.

		`template` names an Email Template, rendered with `values`, in place of `message`. An attachment is the name
		or URL of a File that the acting user may read, or `{fname, fcontent}`. `print_of` is `{doctype, name}` of a
		document the user may print, perhaps with a `format`; it goes along as PDF. `in_reply_to` names a Communication that
		the user may read.
		"""

	def missing_for(self, channel: str) -> str | None:
		"""What the site lacks to send by `sms` or `whatsapp`, and what to do; None: nothing."""

	def send_sms(self, to: Sequence[str], message: str) -> list[str]:
		"""Send a message to numbers now. Raises NotAvailable where the site has no gateway."""

	def send_whatsapp(
		self, to: Sequence[str], message: str, reference: tuple[str, str] | None = None
	) -> list[str]:
		"""Send a message to numbers by the site's app for it. Raises NotAvailable where there is none."""

	def notify(
		self, users: Sequence[str], subject: str, message: str = "", document: tuple[str, str] | None = None
	) -> list[str]: ...
	def notice(
		self, users: Sequence[str], subject: str, message: str, documents: Sequence[tuple[str, str]]
	) -> list[str]:
		"""Tell users something about the workflows themselves. Each is led to the first of `documents` they may read."""

	def users_with_role(self, role: str) -> list[str]: ...
	def exists(self, user: str) -> bool:
		"""Whether `user` is an enabled user of this site."""

	def roles(self, user: str) -> set[str]: ...
	def is_own_address(self, address: str) -> bool:
		"""Whether a mail account of the site sends from this address."""

	def mails_sent_to(self, address: str, seconds: float) -> int:
		"""How many mails the site has queued to an address in so many last seconds."""


class Catalog(Protocol):
	"""Workflows and agents as people keep them. On a bench these are DocTypes, with their permissions.

	`fills_run_as`: whether saving a workflow without `run_as` fills in the person who saves.
	"""

	@property
	def fills_run_as(self) -> bool: ...
	def save_workflow(
		self,
		definition: Any,
		enabled: bool | None = None,
		parameters: Mapping[str, Any] | None = None,
		note: str = "",
	) -> str:
		"""Store a checked definition (`engine.definition.Definition`); gives the name of its version, a new one if it changed.

		`enabled` None leaves a workflow as it is, and a new one disabled. `parameters` are all values that are kept from now
		on; None leaves them as they are. `note` says why it is changed; it is kept with the new version.
		"""

	def keep_parameters(self, workflow: str, values: Mapping[str, Any]) -> None:
		"""Keep these values of a workflow's parameters, and no others. There is no new version by it."""

	def set_enabled(self, workflow: str, enabled: bool) -> None: ...
	def disable(self, workflow: str) -> bool:
		"""Disable a workflow, whoever acts; the caller lets its triggers follow. False: it is disabled already, or there is none
		of that name."""

	def delete_workflow(self, name: str) -> None:
		"""Delete a workflow that has no runs, with its versions. Does nothing if there is none of that name."""

	def save_agent(
		self, name: str, user: str, capabilities: Sequence[str], capacity: int, enabled: bool, rate: str = ""
	) -> None: ...
	def set_agent_enabled(self, name: str, enabled: bool) -> None: ...


class Desk(Protocol):
	"""The documents and people of a site, and who acts."""

	@property
	def documents(self) -> Documents: ...
	@property
	def files(self) -> Files: ...
	@property
	def reports(self) -> Reports: ...
	@property
	def people(self) -> People: ...
	@property
	def catalog(self) -> Catalog: ...
	def actions(self) -> Mapping[str, Any]:
		"""Every action of this site by name, those of other apps included."""

	@property
	def user(self) -> str:
		"""The user who acts now."""

	def acting_as(self, user: str) -> AbstractContextManager[None]:
		"""Within the block, documents are read and changed with this user's permissions."""

	def step_scope(self, user: str) -> AbstractContextManager[None]:
		"""Around one attempt of a step, within one transaction: acts as `user`; a commit or rollback by the step
		raises StepCommitted; leaving resets what the end of a request would reset."""

	def recorded(self) -> AbstractContextManager[Recorded]:
		"""Within the block it is noted which documents this thread writes, and what it sends."""

	def call_method(self, method: str, args: Mapping[str, Any]) -> Any:
		"""Call a whitelisted server method as the acting user."""

	def run_script(self, script: str, args: Mapping[str, Any]) -> Any:
		"""Run a Server Script of type API, by its name or its method's, as the acting user; gives what it answers.

		Raises NotAvailable where there are none, or where they are switched off.
		"""

	def explain(self, error: BaseException, act: Act) -> str | None:
		"""What an error means for the person who looks at the run: who may not do what, which field by its label, which
		parameter, and what to do. None: the error's own text says it, or nobody knows more. Changes nothing."""

	def credential(self, name: str) -> Mapping[str, Any] | None:
		"""A secret kept under a name for `http.request`, or None if there is none or the user may not use it.

		`{"type": "bearer", "token"}`, `{"type": "basic", "username", "password"}` or
		`{"type": "header", "header", "value"}`, `{"type": "hmac", "secret"}` or `{"type": "address", "url"}`; each with
		`hosts`, the servers it may be sent to: none means any. That of a Connected App comes as a bearer, with a token that
		is valid now.
		"""

	def webhook_secret(self, name: str) -> Mapping[str, str] | None:
		"""What signs the deliveries of webhooks with a credential, whoever acts; None: there is none, or it is of another kind.

		`{"type": "hmac", "github", "stripe" or "shopify", "secret"}` or `{"type": "token", "header", "secret"}`; perhaps with a
		`rate` such as `60/m`.
		"""
