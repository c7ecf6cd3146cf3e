"""How documents differ, field by field."""

from dogansystem.protocol import Changed
from dogansystem.proving.changed import as_json

LABELS = {"status": "Status", "items": "Items", "items.qty": "Quantity"}


def fields(before, after):
	return as_json(Changed("X", "1", ["updated"], before, after, LABELS))["fields"]


def test_a_field_has_its_label_and_both_values():
	assert fields({"status": "Open", "same": 1}, {"status": "Closed", "same": 1}) == [
		{"field": "status", "label": "Status", "before": "Open", "after": "Closed"}
	]


def test_what_is_empty_in_two_ways_is_no_change():
	assert fields({"a": None, "b": "", "c": 0}, {"a": "", "b": 0, "c": None}) == []
	assert fields({"modified": 1, "docstatus": 0}, {"modified": 2, "docstatus": 1}) == []


def test_rows_are_found_by_their_names_wherever_they_stand():
	before = {"items": [{"name": "a", "qty": 1}, {"name": "b", "qty": 2}]}
	after = {"items": [{"name": "b", "qty": 2}, {"name": "a", "qty": 4}, {"name": "c", "qty": 9}]}
	found = [
		(each["table"], each["row"], each["label"], each["before"], each["after"], each.get("event"))
		for each in fields(before, after)
	]
	assert found == [("Items", 2, "Quantity", 1, 4, None), ("Items", 3, "Quantity", None, 9, "added")]
	gone = fields(before, {"items": []})
	assert [(each["row"], each["before"], each["event"]) for each in gone] == [
		(1, 1, "removed"),
		(2, 2, "removed"),
	]


def test_a_hidden_document_says_only_that_it_was_written():
	found = as_json(Changed("X", "1", ["updated"], None, None, {}, hidden=True))
	assert found == {"doctype": "X", "name": "1", "events": ["updated"], "hidden": True, "fields": []}
