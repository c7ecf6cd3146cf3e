"""What the app tells of itself: one line for each event, with named fields, on the Python logger `dogansystem`.

`step.end run=… step=mail attempt=1 state=Succeeded seconds=0.012`. A line is for people and for machines alike: the name of
the event comes first, the fields follow as `name=value`; a log record carries both as `event` and `fields`. Runs are INFO,
their steps DEBUG, what went wrong WARNING, and an error that nobody handles ERROR, with its traceback.
"""

import json
import logging
from logging import DEBUG as DEBUG
from logging import ERROR as ERROR
from logging import INFO as INFO
from logging import WARNING as WARNING
from typing import Any

logger = logging.getLogger("dogansystem")
# A program that asks for no log is not told of retries on its standard error; of errors that nobody handles it is.
_events = logging.getLogger("dogansystem.events")
_events.addHandler(logging.NullHandler())

is_on = (
	_events.isEnabledFor
)  # whether events of a level are wanted: asked first, this is all that an ordinary step pays


def event(
	level: int, name: str, *, error: BaseException | None = None, traceback: str | None = None, **fields: Any
) -> None:
	"""Tell of an event. Fields that are None are left out. A traceback, or that of `error`, follows the line."""
	if not is_on(level):
		return
	known = {key: value for key, value in fields.items() if value is not None}
	chosen = logger if level >= ERROR else _events
	line = " ".join([name, *(f"{key}={_shown(value)}" for key, value in known.items())])
	text = f"{line}\n{traceback.rstrip()}" if traceback else line
	chosen.log(level, "%s", text, exc_info=error, extra={"event": name, "fields": known})


def _shown(value: Any) -> str:
	if isinstance(value, float):
		return f"{value:.3f}"
	text = str(value)
	return text if text and text.isprintable() and not set(' "=') & set(text) else json.dumps(text)
