"""Rows of a table in a form."""

import frappe
from frappe import _
from frappe.model.document import Document


class Row(Document):
	"""A row that is only ever written with the document it belongs to.

	Frappe lets a user who may write a document write its rows one by one, without the checks of the document. The next
	System Manager who saves the document would publish such a row in their own name.
	"""

	def validate(self) -> None:
		"""Raise: a row is not saved or deleted alone. Saving its document does not call this."""
		frappe.throw(
			_("A row is saved with its document: change {0} {1}.").format(_(self.parenttype), self.parent),
			frappe.PermissionError,
		)

	on_trash = validate
