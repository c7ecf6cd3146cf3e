"""Rows of a table in a form."""

from typing import NoReturn

import frappe
from frappe import _
from frappe.model.document import Document


class Row(Document):
	"""A row that is only ever written with the document it belongs to.

	Frappe lets whoever may write a document write its rows one by one, past the checks of the document. What a manager
	leaves there so, the next System Manager who saves the document would publish as their own.
	"""

	def validate(self) -> NoReturn:
		"""Nobody saves a row alone; with its document, this is not asked."""
		self._refuse()

	def on_trash(self) -> NoReturn:
		"""Nobody deletes a row alone."""
		self._refuse()

	def _refuse(self) -> NoReturn:
		frappe.throw(
			_("A row is saved with its document: change {0} {1}.").format(_(self.parenttype), self.parent),
			frappe.PermissionError,
		)
