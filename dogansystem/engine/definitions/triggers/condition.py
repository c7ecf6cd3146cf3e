"""`on: condition`: a document newly matches filters."""

from collections.abc import Mapping
from typing import ClassVar

from dogansystem.engine.definitions import check_values as values
from dogansystem.engine.definitions.triggers.base import IN_LOOK, Key, Kind
from dogansystem.engine.definitions.triggers.checks import SHORTEST, filters, others_doctype

AGAIN = ("never", "changed")
EVERY = 60.0  # seconds between two looks where the trigger does not say: a tick


class ConditionKind(Kind):
	"""Documents that match now and did not match at the look before."""

	on = "condition"
	about = (
		"A document newly matches the filters. The site looks every so often, as `run_as`. Documents that match when the "
		"workflow is enabled do not count, unless `existing: true`. `doc` is the document then; `trigger` has `doctype` and "
		"`name`."
	)
	starts_as = "a condition"
	keys: ClassVar[Mapping[str, Key]] = {
		"doctype": Key(others_doctype, "The documents' type.", field="document_type", required=True),
		"filters": Key(
			filters,
			"What they have to match, as in `document.list`. Values may be templates with `today`, `now`, `user` and `parameters`.",
			form="json",
			required=True,
			in_reach=IN_LOOK,
			names_fields=True,
		),
		"every": Key(
			values.duration(SHORTEST), "The time between two looks.", default=EVERY, is_duration=True
		),
		"again": Key(
			values.choice(*AGAIN),
			"`never`: a document starts one run. `changed`: it starts another one when it stopped matching and matches anew, "
			"and when it was changed and still matches.",
			default="never",
		),
		"existing": Key(
			values.flag,
			"`true`: documents that match when the workflow is enabled start a run too.",
			form="flag",
		),
	}
