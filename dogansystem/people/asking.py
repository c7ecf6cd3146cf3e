"""Asking people: who is meant, who of them may decide, and the rows that say so. In the transaction of the step that asks."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from dogansystem.engine import approvals as rules_of
from dogansystem.engine.approvals import Person, Rules
from dogansystem.engine.errors import InputError, NobodyCanDecide, NotFound
from dogansystem.people import telling
from dogansystem.protocol import Matrix, MatrixRow, Site
from dogansystem.store import approvals, deciding, names
from dogansystem.store.approvals import Approval
from dogansystem.store.changes import waits
from dogansystem.store.moment import Moment, as_text, moment

MAX_SUBJECT = 500  # characters that are kept


@dataclass(frozen=True, slots=True)
class Wanted:
	"""Whose decision is wanted: users, and whoever has one of these roles. `source`: how that was said, in words."""

	users: tuple[str, ...] = ()
	roles: tuple[str, ...] = ()
	source: str = ""


@dataclass(frozen=True, slots=True)
class Request:
	"""What a step asks.

	Attributes:
		deadline: seconds from now; None: it waits for ever.
		at_deadline: as the parameter of `flow.approve`; `escalate_to` and `escalate_deadline` (seconds) go with `escalate`.
		remind: seconds between two reminders; 0: none.
		proposed: the call of an AI agent that is asked about (`people.proposed`).
	"""

	name: str
	run: str
	workflow: str
	step: str
	item: int
	step_run: str
	user: str
	to: Wanted
	rules: Rules
	subject: str
	message: str = ""
	document: tuple[str, str] | None = None
	deadline: float | None = None
	at_deadline: str = "expire"
	escalate_to: Wanted | None = None
	escalate_deadline: float | None = None
	remind: float = 0.0
	proposed: Mapping[str, Any] | None = None


class Step(Protocol):
	"""The attempt of a step that asks: `actions.base.StepContext`."""

	@property
	def site(self) -> Site: ...
	@property
	def run(self) -> str: ...
	@property
	def workflow(self) -> str: ...
	@property
	def idempotency_key(self) -> str: ...
	@property
	def user(self) -> str: ...
	@property
	def now(self) -> float: ...


def ask_for_step(
	context: Step,
	to: Wanted,
	rules: Rules,
	subject: str,
	*,
	deadline: float | None = None,
	later: bool = False,
	**more: Any,
) -> tuple[str, float | None, Callable[[], None]]:
	"""Let people decide what a step asks, within `deadline` seconds. `later`: they are asked when what is given is called.

	Gives the approval's name, until when (epoch seconds) the step waits for it, and what asks them. `more`: see `Request`. Raises
	NobodyCanDecide.
	"""
	site, at = context.site, moment(context.site, context.now)
	step, item = names.parts(context.idempotency_key)
	request = Request(
		name=approvals.new_name(at.seconds),
		run=context.run,
		workflow=context.workflow,
		step=step,
		item=item,
		step_run=context.idempotency_key,
		user=context.user,
		to=to,
		rules=rules,
		subject=subject,
		deadline=deadline,
		**more,
	)

	def act() -> None:
		with site.acting_as(context.user):
			ask(site, request, at)

	if not later:
		act()
	return request.name, None if deadline is None else context.now + deadline, act


def ask(site: Site, request: Request, at: Moment) -> Approval:
	"""Write what is asked and of whom, share the document, and tell them. Raises NobodyCanDecide."""
	db = site.database
	users = who(site, request.to, request.rules, at.seconds)
	until = None if request.deadline is None else at.seconds + request.deadline
	approval = Approval(
		name=request.name,
		status=rules_of.OPEN,
		subject=request.subject[:MAX_SUBJECT],
		message=request.message,
		workflow=request.workflow,
		run=request.run,
		step=request.step,
		item=request.item,
		step_run=request.step_run,
		document=request.document,
		asked_by=request.user,
		asked_at=at.text,
		deadline=None if until is None else as_text(site.local_time(until)),
		at_deadline=request.at_deadline,
		escalation=_escalation(request),
		escalated=False,
		remind=int(request.remind),
		rules=request.rules,
		proposed=request.proposed,
	)
	deciding.insert(db, approval, at)
	for number, user in enumerate(users, start=1):
		telling.ask_place(site, approval, number, user, at, "asked", until=until)
	if request.remind:
		next_one = at.seconds + request.remind
		# No wait of the step, which no reminder ends; but it goes with the step.
		waits.put(db, next_one, approvals.REMINDER, approval.name, request.step_run, run=request.run)
		deciding.set_reminder(db, approval.name, as_text(site.local_time(next_one)), at)
	return approval


def _escalation(request: Request) -> dict[str, Any] | None:
	to = request.escalate_to
	if to is None:
		return None
	about = {"users": list(to.users), "roles": list(to.roles), "source": to.source}
	return {**about, "deadline": request.escalate_deadline}


def who(
	site: Site,
	wanted: Wanted,
	rules: Rules,
	at: float,
	*,
	besides: Sequence[str] = (),
	approvals_made: int = 0,
) -> list[str]:
	"""Who may decide of those whose decision is wanted, each once. Those `besides` have decided already.

	Raises NobodyCanDecide, which says who was left out and why, if there is nobody, or fewer than have to approve.
	"""
	named = [*wanted.users, *(user for role in wanted.roles for user in site.people.users_with_role(role))]
	found = [user for user in rules_of.distinct(named) if not rules_of.among(user, besides)]
	out = rules_of.left_out(rules, (person(site, user, at) for user in found))
	users = [user for user in found if user not in out]
	least = max(1, (rules.needs or 1) - approvals_made)
	if len(users) < least:
		raise NobodyCanDecide(_nobody(wanted, found, out, least))
	return users


def _nobody(wanted: Wanted, found: Sequence[str], out: Mapping[str, str], least: int) -> str:
	what = "Nobody can decide this"
	if len(found) > len(out):
		left = ", ".join(user for user in found if user not in out)
		what = f"{least} have to approve, and only {left} may decide"
	if not found:
		roles = " and ".join(wanted.roles)
		why = (
			f"nobody who is enabled has the role {roles}"
			if roles
			else f"{wanted.source or 'to'} names nobody"
		)
		return f"{what}: {why}."
	if not out:
		return f"{what}."
	reasons = "; ".join(f"{user} {reason}" for user, reason in out.items())
	return f"{what}. Left out: {reasons}."


def person(site: Site, user: str, at: float) -> Person:
	"""Somebody as they are at that moment (epoch seconds)."""
	people = site.people
	return Person(user, people.exists(user), tuple(people.stands_in_for(user, at)))


# Who is meant by `to`


@dataclass(frozen=True, slots=True)
class About:
	"""What a decision is about: the values of the run's document, and those of the document that is shown with it."""

	doc: Mapping[str, Any] | None = None
	document: Mapping[str, Any] | None = None
	user_field: str = "to"


def wanted(site: Site, to: Any, about: About) -> Wanted:
	"""Who is meant by a `to`: a user, a list of users, `{role}`, `{field}` or `{matrix}`.

	Raises InputError, NotFound for a matrix that is not there, or NobodyCanDecide where a field is empty or no row fits.
	"""
	if isinstance(to, Mapping):
		if "role" in to:
			return Wanted(roles=(str(to["role"]),), source=f"the role {to['role']}")
		if "field" in to:
			return _of_field(str(to["field"]), about)
		return _of_matrix(site, str(to["matrix"]), about)
	return Wanted(users=tuple(_users(to)), source=about.user_field)


def _users(value: Any) -> list[str]:
	found = value if isinstance(value, list | tuple) else [value]
	return [str(each).strip() for each in found if each not in (None, "")]


def _of_field(path: str, about: About) -> Wanted:
	name = path.removeprefix("doc.")
	values = about.doc if about.doc is not None else about.document
	if values is None:
		raise InputError(f"{about.user_field}.field: the run is about no document, so there is no {path}.")
	value: Any = values
	for part in name.split("."):
		value = value.get(part) if isinstance(value, Mapping) else None
	users = _users(value)
	if not users:
		raise NobodyCanDecide(f"Nobody can decide this: {path} is empty.")
	return Wanted(users=tuple(users), source=path)


def _of_matrix(site: Site, name: str, about: About) -> Wanted:
	matrix = site.people.matrix(name)
	if matrix is None:
		raise NotFound(
			f"There is no Dogan Approval Matrix named {name!r}. Create it, or correct {about.user_field}.matrix."
		)
	values = about.document if about.document is not None else about.doc
	if values is None:
		raise InputError(f"{about.user_field}.matrix: the run is about no document. Name one in `document`.")
	doctype = values.get("doctype")
	if matrix.doctype and doctype and doctype != matrix.doctype:
		raise InputError(f"The matrix {name!r} is for {matrix.doctype}, not for {doctype}.")
	amount = amount_of(matrix, values)
	row = next((each for each in matrix.rows if fits(each, amount, values)), None)
	if row is None:
		shown = "no amount" if amount is None else f"{amount:g}"
		raise NobodyCanDecide(
			f"Nobody can decide this: no row of the matrix {name!r} fits (amount: {shown})."
		)
	return Wanted(row.users, row.roles, f"the matrix {name}")


def amount_of(matrix: Matrix, values: Mapping[str, Any]) -> float | None:
	"""The amount by which a matrix decides; None: the document has none. Raises InputError if it is no number."""
	fields = (matrix.amount_field,) if matrix.amount_field else rules_of.AMOUNTS
	field_name = next((each for each in fields if values.get(each) not in (None, "")), None)
	if field_name is None:
		return None
	try:
		return float(values[field_name])
	except (TypeError, ValueError):
		raise InputError(f"{field_name} is {values[field_name]!r}, which is no amount.") from None


def fits(row: MatrixRow, amount: float | None, values: Mapping[str, Any]) -> bool:
	"""Whether a row of a matrix is for a document with these values."""
	if row.from_amount and (amount is None or amount < row.from_amount):
		return False
	if row.to_amount is not None and (amount is None or amount > row.to_amount):
		return False
	return all(_is_equal(values.get(name), wanted) for name, wanted in row.conditions.items())


def _is_equal(value: Any, wanted: Any) -> bool:
	"""A condition is text, as people type it: a number is the same as its text."""
	if isinstance(value, int | float) and not isinstance(value, bool):
		try:
			return float(wanted) == float(value)
		except (TypeError, ValueError):
			return False
	return str("" if value is None else value).strip().casefold() == str(wanted).strip().casefold()
