"""Who may do what with documents. Unless a test or a demo says otherwise, every user may do everything but Guest.

Rules are documents of the type `Custom DocPerm`, users are documents of the type `User`, both as Frappe has them, so
that they can come out of a file of sample documents like all others.
"""

from collections.abc import Iterable, Mapping

from dogansystem.homes.sandbox.errors import PermissionError, ValidationError
from dogansystem.homes.sandbox.shelf import Place
from dogansystem.protocol.people import ADMINISTRATOR, GUEST

RULE = "Custom DocPerm"
KINDS = ("read", "write", "create", "delete", "submit", "cancel")

Rules = Mapping[str, Mapping[str, frozenset[str]]]  # for each DocType, for each kind, the roles that may


class Permissions:
	"""The sandbox's permission rules."""

	def __init__(self, site: Place) -> None:
		self._site = site

	def restrict(self, doctype: str, roles: Iterable[str], may: Iterable[str] = KINDS) -> None:
		"""From now on only users with one of `roles` may do `may` with documents of this type. Rules add up.

		Once a DocType has a rule, whatever no rule allows is forbidden to all but Administrator. Commits.
		"""
		kinds = list(may)
		unknown = [kind for kind in kinds if kind not in KINDS]
		if unknown:
			raise ValidationError(f"There is no permission {unknown[0]!r}; there are {', '.join(KINDS)}.")
		granted = {kind: int(kind in kinds) for kind in KINDS}
		rule = {"doctype": RULE, "parent": doctype, **granted}
		named = [roles] if isinstance(roles, str) else list(roles)
		self._site.load_documents(
			{**rule, "name": f"{doctype}: {role}: {'+'.join(kinds)}", "role": role} for role in named or [""]
		)

	def check(self, doctype: str, kind: str) -> None:
		"""Raise PermissionError unless the acting user may do `kind` with documents of this type."""
		user = self._site.user
		if not self.allows(user, doctype, kind):
			raise PermissionError(
				f"User {user} has no permission to {kind} {doctype} documents."
				" Give the user a role that has it, or let the step be done by an agent whose user has it."
			)

	def allows(self, user: str, doctype: str, kind: str) -> bool:
		"""Whether `user` may do `kind` with documents of this type."""
		if user == ADMINISTRATOR:
			return True
		rules = self._rules().get(doctype)
		if rules is None:
			return user != GUEST
		return not rules.get(kind, frozenset()).isdisjoint(self._site.people.roles(user))

	def _rules(self) -> Rules:
		return self._site.database.remember("permission rules", self._read)

	def _read(self) -> Rules:
		found: dict[str, dict[str, frozenset[str]]] = {}
		for rule in self._site.shelf.all(RULE):
			kinds = found.setdefault(str(rule.get("parent")), {})
			for kind in KINDS:
				if rule.get(kind):
					kinds[kind] = kinds.get(kind, frozenset()) | {str(rule.get("role"))}
		return found
