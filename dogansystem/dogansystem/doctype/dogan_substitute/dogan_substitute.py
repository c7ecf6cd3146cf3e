import frappe
from frappe import _
from frappe.model.document import Document

from dogansystem.homes.frappe.permissions import is_system_manager


class DoganSubstitute(Document):
	"""Who may decide for somebody who is away."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		by_user: DF.Link
		for_user: DF.Link
		from_date: DF.Date | None
		reason: DF.SmallText | None
		until_date: DF.Date | None
	# end: auto-generated types

	def validate(self) -> None:
		"""Raise PermissionError unless it is the caller's own, or ValidationError naming what is wrong."""
		self._check_whose()
		if self.for_user == self.by_user:
			frappe.throw(_("By Whom: somebody else has to stand in for {0}.").format(self.for_user))
		if not frappe.db.get_value("User", self.by_user, "enabled"):
			frappe.throw(_("By Whom: user {0} is disabled or does not exist.").format(self.by_user))
		if self.from_date and self.until_date and str(self.until_date) < str(self.from_date):
			frappe.throw(_("Until is before From: nobody would stand in."))

	def _check_whose(self) -> None:
		user, before = frappe.session.user, self.get_doc_before_save()
		whose = {self.for_user, before.for_user if before else self.for_user}
		if whose != {user} and not is_system_manager(user):
			text = _("Only {0} or a System Manager says who stands in for {0}.")
			frappe.throw(text.format(self.for_user), frappe.PermissionError)
