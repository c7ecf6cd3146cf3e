"""Bring the internal tables of a site of version 0.1 to those of 0.2, with the runs that are under way."""

from dogansystem.homes.frappe.site import current_site
from dogansystem.store import schema


def execute() -> None:
	"""Called once on each site by `bench migrate`. Changing tables commits."""
	schema.migrate(current_site().database)
