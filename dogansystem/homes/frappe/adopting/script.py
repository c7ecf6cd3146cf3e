"""Server Scripts that run when something happens to a document."""

from collections.abc import Iterator, Mapping

import frappe

from dogansystem.homes.frappe.adopting.base import SAVED, Adopted

KIND = "Server Script"
_EVENTS: Mapping[str, tuple[str, ...]] = {
	"After Insert": ("created",),
	"After Save": SAVED,
	"After Submit": ("submitted",),
	"After Cancel": ("cancelled",),
	"After Delete": ("deleted",),
	"After Save (Submitted Document)": ("updated",),
}


def read(run_as: str | None) -> Iterator[Adopted]:
	"""Every Server Script of type DocType Event."""
	found = frappe.get_all(
		KIND,
		{"script_type": "DocType Event"},
		["name", "disabled", "doctype_event", "reference_doctype"],
		order_by="name asc",
		limit=0,
	)
	for row in found:
		adopted = Adopted(KIND, row.name, not row.disabled)
		adopted.begin(run_as)
		events = _EVENTS.get(row.doctype_event)
		if events is None:
			text = f"it runs at {row.doctype_event}, before the document is saved, and may change or refuse it; a run comes after that"
			adopted.refused.append(text)
		else:
			adopted.on_document(row.reference_doctype, events, None)
			args = {"doctype": row.reference_doctype, "name": "{{ doc.name }}"}
			adopted.step("script", "script.run", {"script": f"{row.name} (step)", "args": args})
			adopted.left_out.append(
				f"the script itself: make a Server Script of type API named {row.name + ' (step)'!r} of it, whose first line is"
				" doc = frappe.get_doc(frappe.form_dict.doctype, frappe.form_dict.name)"
			)
			adopted.left_out.append(
				"it runs after the document is saved, and an error of it no longer refuses the save"
			)
		yield adopted
