"""Reports, which a sandbox does not have."""

from collections.abc import Mapping
from typing import Any

from dogansystem.engine.errors import NotAvailable
from dogansystem.protocol import Document


class Reports:
	"""A `protocol.Reports`."""

	def run(self, report: str, filters: Mapping[str, Any], limit: int) -> Document:
		"""Nothing: raises NotAvailable."""
		raise NotAvailable(
			f"The report {report!r} cannot be run: the sandbox has no reports. Run this step on a Frappe site, or read the "
			"documents with document.list."
		)
