"""The form of an approval as a page without a script shows it, and its sentences."""

from collections.abc import Mapping, Sequence
from typing import Any

from frappe import _
from frappe.utils import cstr, format_datetime, get_fullname

INPUT = "value-"  # in front of a field's name, so that it meets no other input
_CONTROLS = {
	"Check": "checkbox",
	"Select": "select",
	"Small Text": "textarea",
	"Text": "textarea",
	"Long Text": "textarea",
	"Date": "date",
	"Datetime": "datetime-local",
	"Time": "time",
	**dict.fromkeys(("Int", "Float", "Currency", "Percent"), "number"),
}


def form_of(found: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
	"""The inputs and buttons of an approval; `given` is what was sent before and did not do."""
	is_ask = found["kind"] == "ask"
	return {
		"fields": [_field(each, given) for each in found["fields"]],
		"asks_comment": not is_ask,
		"comment": cstr(given.get("comment")),
		"comment_label": _comment_label(found["comment"]),
		"buttons": _buttons(is_ask),
	}


def _buttons(is_ask: bool) -> list[dict[str, str]]:
	if is_ask:
		return [{"value": "answered", "label": _("Send"), "kind": "yes"}]
	return [
		{"value": "approved", "label": _("Approve"), "kind": "yes"},
		{"value": "rejected", "label": _("Reject"), "kind": "no"},
	]


def _comment_label(rule: str) -> str:
	texts = {"required": _("Comment (needed)"), "on_rejection": _("Comment (needed to reject)")}
	return texts.get(rule) or _("Comment")


def _field(field: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
	control = _CONTROLS.get(field["type"], "text")
	value = cstr(given.get(INPUT + field["name"]) if given else field["default"])
	return {
		"input": INPUT + field["name"],
		"label": _(field["label"]),
		"control": control,
		"options": field["options"] or [],
		"required": field["required"],
		"value": value.replace(" ", "T")[:16] if control == "datetime-local" else value,
	}


def values_of(fields: Sequence[Mapping[str, Any]], given: Mapping[str, Any]) -> dict[str, Any]:
	"""The values that were filled in. A browser does not send a box that is not ticked."""
	return {
		each["name"]: given.get(INPUT + each["name"]) or (0 if each["type"] == "Check" else None)
		for each in fields
	}


def said(found: Mapping[str, Any]) -> list[dict[str, str]]:
	"""A sentence for each decision, and its comment."""
	return [{"sentence": _sentence(each), "comment": each["comment"]} for each in found["decisions"]]


def _sentence(each: Mapping[str, Any]) -> str:
	whose = get_fullname(each["for"]) if each["for"] else None
	texts = {"approved": _("{0} has approved, {1}"), "rejected": _("{0} has rejected, {1}")}
	text = texts.get(each["decision"]) or _("{0} has answered, {1}")
	who = _("{0} for {1}").format(get_fullname(each["by"]), whose) if whose else get_fullname(each["by"])
	return str(text.format(who, format_datetime(each["at"])))
