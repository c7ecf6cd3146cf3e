"""Who decides, as approvals and asks have to know it: users, substitutes, matrices, and what people are told of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

ADMINISTRATOR, GUEST = "Administrator", "Guest"  # the users that every site has
USER_ROLE, MANAGER_ROLE, SYSTEM_MANAGER = "Dogan User", "Dogan Manager", "System Manager"
MANAGERS = frozenset({MANAGER_ROLE, SYSTEM_MANAGER})  # who may see all runs, and change all workflows

# What somebody is told about an approval.
Told = Literal["asked", "reminded", "passed on", "escalated", "decided", "no longer asked"]


@dataclass(frozen=True, slots=True)
class Asked:
	"""An approval or an ask, as those who are told of it see it.

	Attributes:
		kind: `approve`, or `ask` for a form that somebody fills in.
		document: doctype and name of what it is about.
		asked_by: the user whose permissions the step has.
		deadline: epoch seconds; None: it waits for ever.
		status: Open, Approved, Rejected, Expired, Answered or Cancelled.
		proposed: the call of an AI agent that it is about (`people.proposed`).
	"""

	name: str
	kind: str
	workflow: str
	run: str
	subject: str
	message: str = ""
	document: tuple[str, str] | None = None
	asked_by: str = ""
	deadline: float | None = None
	status: str = "Open"
	proposed: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class MatrixRow:
	"""A row of a Dogan Approval Matrix: who decides on what it fits.

	Attributes:
		from_amount, to_amount: both included; `to_amount` None has no end.
		conditions: values that fields of the document must have, such as company and department.
		users, roles: who decides.
	"""

	from_amount: float = 0.0
	to_amount: float | None = None
	conditions: Mapping[str, Any] = field(default_factory=dict)
	users: tuple[str, ...] = ()
	roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Matrix:
	"""A Dogan Approval Matrix.

	Attributes:
		doctype: of the documents that it is for; empty: of any.
		amount_field: the field that holds the amount; empty: the first that there is of `engine.approvals.AMOUNTS`.
		rows: in their order; the first that fits counts.
	"""

	name: str
	doctype: str = ""
	amount_field: str = ""
	rows: tuple[MatrixRow, ...] = ()


class Deciders(Protocol):
	"""What a home knows of those who decide. A part of `People`, which knows who is enabled and who has a role.

	Everything is done in this thread's transaction, whoever acts.

	On both homes a `Dogan Substitute` has the fields `for_user`, `by_user`, `from_date` and `until_date` (both days
	included, either may be empty), and a `Dogan Approval Matrix` has `document_type`, `amount_field` and `rows`, each with
	`from_amount`, `to_amount` (0: no end), `company`, `department`, `field` and `value` (a further condition), `user`, `role`.
	"""

	def substitutes_of(self, user: str, at: float) -> list[str]:
		"""Who stands in for `user` at that moment (epoch seconds), enabled or not."""

	def stands_in_for(self, user: str, at: float) -> list[str]:
		"""For whom `user` stands in at that moment (epoch seconds)."""

	def matrix(self, name: str) -> Matrix | None:
		"""The Dogan Approval Matrix of that name, if there is one."""

	def may_read(self, user: str, document: tuple[str, str]) -> bool:
		"""Whether `user` may read a document now. A document that is not there may be read by nobody."""

	def share(self, user: str, document: tuple[str, str]) -> bool:
		"""Share a document with `user` for reading. True: there was no such share before, so that it has to be taken back."""

	def unshare(self, user: str, document: tuple[str, str]) -> None:
		"""Take back a share that `share` made, unless somebody has given it more rights since. Does nothing if it is gone."""

	def tell(
		self, user: str, what: Told, asked: Asked, by: str = "", comment: str = "", instead_of: str = ""
	) -> None:
		"""Tell a user of an approval, in the ways of this home. `instead_of`: for whom they stand in, if they do.

		`asked`, `passed on` and `escalated`: a decision is wanted of `user`; `by` is who passed it on. `reminded`: it still is.
		`decided`: it is wanted no more, because `user` has decided, or `by` has for them. `no longer asked`: it is wanted no
		more; `asked.status` says why, `by` who has settled it, and `comment` what they said.
		"""
