"""Installing the app on a site, and removing it without a trace."""

import frappe
from frappe import _
from frappe.utils.global_search import sync_global_search

from dogansystem.homes.frappe.deciders import take_back_shares
from dogansystem.homes.frappe.desk import LINKS
from dogansystem.protocol.people import MANAGER_ROLE, USER_ROLE
from dogansystem.store import schema

APP = "dogansystem"
MODULE = "DoganSystem"
TITLE = "Dogan System"
ROLES = (MANAGER_ROLE, USER_ROLE)
DOCTYPE_PREFIX = "Dogan "
PAGES = "dogan-%"

# Rows of Frappe's own DocTypes that speak of ours: the DocType, and its column with the DocType's name in it.
_TRACES = (
	*((linked, column) for linked, column, _name in LINKS),
	("Communication", "reference_doctype"),
	("List Filter", "reference_doctype"),
	("Activity Log", "reference_doctype"),
	("Access Log", "export_from"),
	("File", "attached_to_doctype"),
	("Deleted Document", "deleted_doctype"),
	("Custom Field", "dt"),
	("Property Setter", "doc_type"),
	("Client Script", "dt"),
	("Server Script", "reference_doctype"),
	("Notification", "document_type"),
	("Assignment Rule", "document_type"),
	("Workflow", "document_type"),
	("Report", "ref_doctype"),
	("Number Card", "document_type"),
	("Dashboard Chart", "document_type"),
	("User Permission", "allow"),
	("Custom DocPerm", "parent"),
	("List View Settings", "name"),
	("Global Search DocType", "document_type"),
)


def before_install() -> None:
	"""Raise if the site is not on MariaDB, or Python lacks a package that the app needs."""
	if frappe.db.db_type != "mariadb":
		text = _("Dogan System needs a site on MariaDB; this one is on {0}.")
		frappe.throw(text.format(frappe.db.db_type), title=_("Not Installed"))
	try:
		import dogansystem.orchestrator  # noqa: F401
	except ImportError as error:
		text = _("Dogan System cannot be imported: {0}. Install what it needs: bench pip install -e apps/{1}")
		frappe.throw(text.format(error, APP), title=_("Not Installed"))
	frappe.setup_module_map()  # this process may have one from the cache that is older than the app


def after_install() -> None:
	"""Create what the DocTypes' JSON files do not: roles, internal tables, settings."""
	after_migrate()
	frappe.get_doc("Dogan Settings").save(ignore_permissions=True)


def after_migrate() -> None:
	"""Bring roles and internal tables up to this version of the app. May run any number of times."""
	from dogansystem.homes.frappe.site import current_site

	for role in ROLES:
		if not frappe.db.exists("Role", role):
			doc = frappe.get_doc(doctype="Role", role_name=role, desk_access=1)
			doc.insert(ignore_permissions=True)
	frappe.db.commit()  # creating tables commits in any case
	schema.migrate(current_site().database)


def before_uninstall() -> None:
	"""Remove the internal tables first: without them no worker can go on while the rest is removed."""
	from dogansystem.homes.frappe.site import current_site

	site = current_site()
	take_back_shares()
	schema.drop_internal(site.database)
	site.doorbell.remove()
	_delete_traces()


def after_uninstall() -> None:
	"""Remove what Frappe leaves: roles, scheduled jobs, settings, deleted documents, cached values."""
	_delete_traces()
	frappe.db.delete("Singles", {"doctype": ["like", f"{DOCTYPE_PREFIX}%"]})
	frappe.db.delete("Patch Log", {"patch": ["like", f"{APP}.%"]})
	jobs = frappe.get_all("Scheduled Job Type", {"method": ["like", f"{APP}.%"]}, pluck="name")
	if jobs:
		frappe.db.delete("Scheduled Job Log", {"scheduled_job_type": ["in", jobs]})
		frappe.db.delete("Scheduled Job Type", {"name": ["in", jobs]})
	for role in ROLES:
		for doctype in ("Has Role", "Custom DocPerm", "DocPerm"):
			frappe.db.delete(doctype, {"role": role})
		frappe.delete_doc("Role", role, force=True, ignore_permissions=True, ignore_missing=True)
	_delete_from_desktop()
	_forget_deleted()
	frappe.cache.delete_keys("dogan_")
	frappe.db.commit()
	frappe.clear_cache()


def _delete_traces() -> None:
	names = [*(each["name"] for each in schema.doctypes()), "Dogan Settings"]
	reports = frappe.get_all("Report", {"ref_doctype": ["in", names]}, pluck="name")
	for doctype, column in _TRACES:
		if frappe.db.table_exists(doctype, cached=False) and frappe.db.has_column(doctype, column):
			frappe.db.delete(doctype, {column: ["in", names]})
	sync_global_search()  # what waits in Redis would come after the rows are gone
	for table in ("__UserSettings", "__global_search", "__Auth"):
		frappe.db.sql(f"DELETE FROM `{table}` WHERE doctype IN %s", (names,))
	if reports:  # their rows go above, and what hangs on them would stay
		frappe.db.delete("Has Role", {"parenttype": "Report", "parent": ["in", reports]})
		frappe.db.sql("DELETE FROM `__global_search` WHERE doctype = 'Report' AND name IN %s", (reports,))


def _delete_from_desktop() -> None:
	"""Remove what Frappe 16 has on its desktop page and beside each page, whoever made it, Frappe itself included."""
	for doctype, column in (
		("Workspace Sidebar Item", "parent"),
		("Workspace Sidebar", "name"),
		("Desktop Icon", "label"),
	):
		if frappe.db.table_exists(doctype, cached=False) and frappe.db.has_column(doctype, column):
			frappe.db.delete(doctype, {column: ["in", (TITLE, MODULE)]})


def _forget_deleted() -> None:
	"""Uninstalling keeps a copy of each DocType, page, role and workspace among the deleted documents."""
	frappe.db.delete("Deleted Document", {"deleted_name": ["in", [MODULE, TITLE, *ROLES]]})
	frappe.db.delete("Deleted Document", {"deleted_doctype": "Page", "deleted_name": ["like", PAGES]})
	for doctype in ("DocType", "Workspace", "Number Card", "Dashboard Chart", "Dashboard Chart Source"):
		frappe.db.delete(
			"Deleted Document", {"deleted_doctype": doctype, "deleted_name": ["like", f"{DOCTYPE_PREFIX}%"]}
		)
