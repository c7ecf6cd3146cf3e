"""What the front door offers to those who decide."""

from collections.abc import Mapping
from typing import Any

from dogansystem.people import approvals, passing, seeing
from dogansystem.protocol import Site


class Decisions:
	"""A part of `orchestrator.Orchestrator`."""

	site: Site

	def decide(
		self,
		approval: str,
		decision: str,
		*,
		user: str | None = None,
		comment: str = "",
		values: Mapping[str, Any] | None = None,
		through: str = "api",
	) -> dict[str, Any]:
		"""Decide an approval (`approved` or `rejected`), or answer an ask (`answered`), as `user`, by default who acts now.

		Gives the approval as `get_approval` does. Raises NotFound, AlreadyDecided, NotAsked, DecisionIncomplete or InputError.
		"""
		return approvals.decide(
			self.site, approval, user or self.site.user, decision, comment, values, through
		)

	def pass_on(self, approval: str, to: str, *, user: str | None = None) -> dict[str, Any]:
		"""Let `to` be asked instead of `user`. Raises NotFound, AlreadyDecided, NotAsked or NotAllowed."""
		return passing.pass_on(self.site, approval, user or self.site.user, to)

	def reassign(self, approval: str, whose: str, to: str, *, by: str | None = None) -> dict[str, Any]:
		"""Let `to` be asked instead of `whose`, as a System Manager. Raises NotFound, AlreadyDecided, NotAsked or NotAllowed."""
		return passing.reassign(self.site, approval, by or self.site.user, whose, to)

	def pending_approvals(self, user: str | None = None) -> list[dict[str, Any]]:
		"""What waits for a decision of `user`, or of those for whom they stand in; None: what waits for anybody."""
		return seeing.pending(self.site, user)

	def get_approval(self, approval: str, user: str | None = None) -> dict[str, Any]:
		"""An approval or ask with its fields, those who are asked, and the decisions; as far as `user` may see it. Raises
		NotFound."""
		return seeing.get(self.site, approval, user)
