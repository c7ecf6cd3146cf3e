"""`on: signal`: a signal of a name is sent."""

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from dogansystem.engine.definitions import check_values as values
from dogansystem.engine.definitions.problems import LEFT_OUT, Problems, shown
from dogansystem.engine.definitions.triggers.base import IN_START, Key, Kind
from dogansystem.engine.signals import NAME


def signal_name(value: Any, path: str, problems: Problems) -> Any:
	"""The name of a signal."""
	if not values.is_text(value, path, problems):
		return LEFT_OUT
	if not re.match(NAME, value):
		message = f"{shown(value)} is not the name of a signal; use letters, digits, `_`, `-` and `.`, a letter first"
		return problems.refuse(path, message)
	return value


class SignalKind(Kind):
	"""Which signals start a run."""

	on = "signal"
	about = (
		"A signal of that name is sent, whatever its key: by a step (`flow.signal`), a command, or a program. `trigger` has "
		"`name`, `key`, `data` and `sent_by`."
	)
	keys: ClassVar[Mapping[str, Key]] = {
		"name": Key(signal_name, "The name of the signal.", field="signal_name", required=True),
		"if": Key(
			values.condition,
			"A run starts only if it is true.",
			field="condition",
			in_reach=IN_START,
		),
	}
