"""What people do with approvals and asks: see them, decide, pass on, reassign. The same for every home and every way.

Each call works in this thread's transaction, which the caller commits: a decision, its comment and whatever it lets go on
are kept together or not at all. `user` is who does it; the caller has made sure that it is they.
"""

from collections.abc import Mapping
from typing import Any

from dogansystem.protocol import Site

THROUGH = ("desk", "mail", "api", "command")


def decide(
	site: Site,
	approval: str,
	user: str,
	decision: str,
	comment: str = "",
	values: Mapping[str, Any] | None = None,
	through: str = "api",
) -> dict[str, Any]:
	"""Decide an approval (`approved` or `rejected`), or answer an ask (`answered`), as one who is asked or who stands in for
	one who is.

	`values` are those of the fields asked, by name; `through` says which way it came. Gives the approval as `get` does.

	Raises NotFound; AlreadyDecided, which says who was first and when; NotAsked; DecisionIncomplete for a needed field or
	comment that is missing; InputError for a decision or value that does not fit. Nothing is written then.
	"""
	raise NotImplementedError


def pass_on(site: Site, approval: str, user: str, to: str) -> dict[str, Any]:
	"""Let `to` be asked instead of `user`, who is asked. Gives the approval as `get` does.

	Raises NotFound, AlreadyDecided, NotAsked; NotAllowed where the approval may not be passed on, or not to `to`.
	"""
	raise NotImplementedError


def reassign(site: Site, approval: str, by: str, whose: str, to: str) -> dict[str, Any]:
	"""Let `to` be asked instead of `whose`, as the System Manager `by`. Gives the approval as `get` does.

	Raises NotFound, AlreadyDecided; NotAsked if `whose` is not asked; NotAllowed if `by` is no System Manager or `to` may
	not decide.
	"""
	raise NotImplementedError


def pending(site: Site, user: str | None = None) -> list[dict[str, Any]]:
	"""What waits for a user, or for those for whom they stand in (`for`), the oldest first; None: what waits for anybody.

	Each has `approval`, `kind` (`approve` or `ask`), `subject`, `document` (`{doctype, name}` or None), `workflow`, `run`,
	`step`, `index`, `asked_at`, `deadline`, and `asked`: the users who have not decided. With `user`, `for`: for whom they would decide; None: for
	themselves.
	"""
	raise NotImplementedError


def get(site: Site, approval: str, user: str | None = None) -> dict[str, Any]:
	"""An approval: what `pending` gives of it, and `status`, `message`, `fields`, `comment` (which rule), `needs`, `delegate`,
	`at_deadline`, `escalated`, `settled_at`, `settled_by`, `reason`, `approvers` (`user`, `state`, `instead_of`, `passed_by`, `asked_at`, `ended_at`), `decisions` (`by`,
	`for`, `decision`, `comment`, `values`, `at`, `through`), `asked_by`.

	With `user`: `may_decide`, and `why_not`, a sentence, where they may not; NotFound is raised if there is no such approval,
	or `user` is none who is or was asked, stands in for one, asked for it, started its run, owns its workflow, or is a
	System Manager or Dogan Manager.
	"""
	raise NotImplementedError
