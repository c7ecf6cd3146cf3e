"""Every kind of trigger, in the order in which people read about them. A new kind is a file beside this one, and a line here."""

from collections.abc import Mapping

from dogansystem.engine.definitions.triggers.base import Kind
from dogansystem.engine.definitions.triggers.condition import ConditionKind
from dogansystem.engine.definitions.triggers.date import DateKind
from dogansystem.engine.definitions.triggers.document import DocumentKind
from dogansystem.engine.definitions.triggers.email import EmailKind
from dogansystem.engine.definitions.triggers.manual import ManualKind
from dogansystem.engine.definitions.triggers.run import RunKind
from dogansystem.engine.definitions.triggers.schedule import ScheduleKind
from dogansystem.engine.definitions.triggers.signal import SignalKind
from dogansystem.engine.definitions.triggers.webhook import WebhookKind

_EVERY: tuple[Kind, ...] = (
	DocumentKind(),
	DateKind(),
	ScheduleKind(),
	WebhookKind(),
	EmailKind(),
	ConditionKind(),
	SignalKind(),
	RunKind(),
	ManualKind(),
)
KINDS: Mapping[str, Kind] = {kind.on: kind for kind in _EVERY}


def fields() -> dict[str, str]:
	"""The fields of Dogan Workflow Trigger by their keys. A key has the same field in every kind."""
	return {"on": "kind"} | {
		name: key.field or name for kind in KINDS.values() for name, key in kind.keys.items()
	}


def fields_of_form(form: str) -> frozenset[str]:
	"""The fields that hold what `Key.form` says."""
	return frozenset(
		key.field or name for kind in KINDS.values() for name, key in kind.keys.items() if key.form == form
	)
