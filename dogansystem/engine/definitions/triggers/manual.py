"""`on: manual`: a person presses Run, or a program calls the API."""

from collections.abc import Mapping
from typing import ClassVar

from dogansystem.engine.definitions import check_values as values
from dogansystem.engine.definitions.triggers.base import Key, Kind


class ManualKind(Kind):
	"""Who may start the workflow by hand, and on what."""

	on = "manual"
	about = "Somebody presses Run, or calls the API. Managers may start every workflow. Others may start one with this trigger."
	keys: ClassVar[Mapping[str, Key]] = {
		"role": Key(values.label, "Only people with this role may start it, and managers."),
		"doctype": Key(
			values.label,
			"It is started on a document of this type: the document's form has a button for it. A document of another type is "
			"refused.",
			field="document_type",
		),
	}
