"""`on: date`: a date of a document has come."""

from collections.abc import Mapping
from typing import ClassVar

from dogansystem.engine.definitions import check_values as values
from dogansystem.engine.definitions.triggers.base import IN_LOOK, IN_START, Key, Kind
from dogansystem.engine.definitions.triggers.checks import (
	MISSED,
	filters,
	offset,
	others_doctype,
	time_of_day,
)
from dogansystem.engine.definitions.triggers.document import FILTER


class DateKind(Kind):
	"""A document's date field plus an offset."""

	on = "date"
	about = (
		"A document's date plus the offset has come: once for each document and value of the field, also after downtime. "
		"What was due before the workflow was enabled starts nothing. A document that is made after that, or begins to match, "
		"still counts for one day after its time. The documents are read as `run_as`. `doc` is the document then; `trigger` has `doctype`, `name`, `field`, `value`, "
		"`due`."
	)
	starts_as = "a date"
	keys: ClassVar[Mapping[str, Key]] = {
		"doctype": Key(others_doctype, "The documents' type.", field="document_type", required=True),
		"field": Key(
			values.label,
			"A field of type Date or Datetime.",
			required=True,
			field_types=("Date", "Datetime"),
		),
		"offset": Key(
			offset,
			"How long after the date, `2d`; with a minus, how long before it, `-3d`. Whole days are days of the calendar.",
			field="date_offset",
			default=0.0,
			is_duration=True,
		),
		"at": Key(
			time_of_day,
			"The time of that day, in the site's timezone. Left out: `00:00`, and for a Datetime the time in the field.",
			field="at_time",
		),
		"filters": Key(
			filters,
			"Only documents that match, as in `document.list`. Values may be templates with `today`, `now`, `user` and `parameters`.",
			form="json",
			in_reach=IN_LOOK,
			names_fields=True,
		),
		"if": Key(values.condition, FILTER, field="condition", in_reach=IN_START),
		"missed": Key(
			values.choice(*MISSED),
			"After downtime: `skip` starts nothing for documents whose time has passed, `once` and `all` start one run for "
			"each of them.",
			default="once",
		),
	}
