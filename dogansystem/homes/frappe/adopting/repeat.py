"""Auto Repeats: a document that is made again and again."""

import re
from collections.abc import Iterator
from typing import Any

import frappe
from frappe.utils import getdate

from dogansystem.homes.frappe.adopting.base import Adopted
from dogansystem.homes.frappe.values import plain

KIND = "Auto Repeat"
MONTHS = {"Monthly": 1, "Quarterly": 3, "Half-yearly": 6, "Yearly": 12}
_DOC = re.compile(r"\bdoc\b(?=\s*[.|}\[])")
_KEPT_OUT = frozenset(
	{"name", "owner", "creation", "modified", "modified_by", "docstatus", "idx", "doctype", "parent", "parentfield", "parenttype", "amended_from", "auto_repeat", "localname"}
)  # fmt: skip


def read(run_as: str | None) -> Iterator[Adopted]:
	"""Every Auto Repeat of the site that is not over."""
	for name in frappe.get_all(
		KIND, {"status": ["!=", "Completed"]}, pluck="name", order_by="name asc", limit=0
	):
		doc = frappe.get_doc(KIND, name)
		adopted = Adopted(KIND, name, not doc.disabled)
		adopted.begin(run_as)
		adopted.source["triggers"] = [{"on": "schedule", "cron": each} for each in _times(doc)]
		_make(doc, adopted)
		_tell(doc, adopted)
		text = (
			f"it copies {doc.reference_document} as it is now: later changes of that document are not copied"
		)
		adopted.left_out.append(text)
		if doc.frequency in MONTHS:
			adopted.left_out.append(
				"the period in from_date and to_date, where the document has one, is not moved on"
			)
		yield adopted


def _times(doc: Any) -> list[str]:
	"""When it is made, as cron has it."""
	start = getdate(doc.start_date)
	if doc.frequency == "Daily":
		return ["0 0 * * *"]
	if doc.frequency == "Weekly":
		days = [row.day[:3].lower() for row in doc.repeat_on_days] or [start.strftime("%a").lower()]
		return [f"0 0 * * {','.join(days)}"]
	every = MONTHS[doc.frequency]
	day = "l" if doc.repeat_on_last_day else doc.repeat_on_day or start.day
	months = sorted((start.month - 1 + number) % 12 + 1 for number in range(0, 12, every))
	return [f"0 0 {day} {'*' if every == 1 else ','.join(map(str, months))} *"]


def _make(doc: Any, adopted: Adopted) -> None:
	reference = frappe.get_doc(doc.reference_doctype, doc.reference_document)
	values = _values(frappe.copy_doc(reference).as_dict(convert_dates_to_str=True))
	for field in reference.meta.fields:
		if field.fieldtype == "Date" and field.reqd:
			values[field.fieldname] = "{{ today }}"
	begins, ends = doc.start_date, doc.end_date
	tests = [f'(today | string) >= "{begins}"', *([f'(today | string) <= "{ends}"'] if ends else [])]
	params = {"doctype": doc.reference_doctype, "values": values}
	adopted.step("make", "document.create", params, **{"if": f"{{{{ {' and '.join(tests)} }}}}"})
	if doc.submit_on_creation:
		made = {"doctype": doc.reference_doctype, "name": "{{ steps.make.output.name }}"}
		adopted.step("submit", "document.submit", made)


def _values(given: Any) -> Any:
	"""A document's values without what belongs to itself; braces in them stay braces."""
	if isinstance(given, dict):
		return {
			key: _values(value)
			for key, value in plain(given).items()
			if key not in _KEPT_OUT and value not in (None, "") and not key.startswith("__")
		}
	if isinstance(given, list):
		return [_values(each) for each in given]
	if isinstance(given, str) and re.search(r"\{[{%#]", given):
		return "{{ " + repr(given) + " }}"
	return given


def _tell(doc: Any, adopted: Adopted) -> None:
	if not doc.notify_by_email:
		return
	to = [each.strip() for each in (doc.recipients or "").replace("\n", ",").split(",") if each.strip()]
	subject = doc.subject or f"New {doc.reference_doctype}: {{{{ doc.name }}}}"
	message = doc.message or "Please find attached {{ doc.name }}."
	form = {"format": doc.print_format} if doc.print_format else {}
	made = {"doctype": doc.reference_doctype, "name": "{{ steps.make.output.name }}"}
	params = {
		"to": to,
		"subject": _DOC.sub("steps.make.output", subject),
		"message": _DOC.sub("steps.make.output", message),
		"print": {**made, **form},
	}
	if to:
		adopted.step("mail", "email.send", params)
	else:
		adopted.left_out.append("the mail: it names no recipients")
