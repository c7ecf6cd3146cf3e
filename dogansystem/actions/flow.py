"""Steps that steer the run itself: waiting, and ending it early."""

from collections.abc import Mapping
from datetime import datetime, timezone, tzinfo
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from dogansystem.actions.base import Action, StepContext, Stop, Wait
from dogansystem.actions.parameters import words
from dogansystem.actions.schema import ValidationError, shown
from dogansystem.engine.durations import parse_duration
from dogansystem.engine.states import CANCELLED, FAILED, SUCCEEDED
from dogansystem.protocol import Site

YEARS = range(1900, 9000)
# What a check can see; engine.durations has the last word.
DURATION = r"^\s*([0-9]+(\.[0-9]+)?|([0-9]+(\.[0-9]+)?[dhms]\s*)+)\s*$"


class WaitFor(Action):
	"""Waits as a row: no worker sleeps meanwhile."""

	name: ClassVar[str] = "flow.wait"
	summary: ClassVar[str] = "Wait for a time, or until a moment"
	parameters: ClassVar[Mapping[str, Any]] = {
		"type": "object",
		"additionalProperties": False,
		"oneOf": [{"required": ["for"]}, {"required": ["until"]}],
		"properties": {
			"for": {
				"type": ["string", "number"],
				"minimum": 0,
				"pattern": DURATION,
				"description": "How long to wait: seconds, or 30s, 15m, 2h, 1d",
			},
			"until": {
				"type": "string",
				"pattern": r"^\s*[0-9]{4}-[0-9]{2}-[0-9]{2}",
				"description": "The moment to wait for, such as 2025-12-31 09:00; in the site's timezone unless it "
				"says another (2025-12-31T09:00+01:00). A moment that has passed does not wait.",
			},
		},
	}
	returns: ClassVar[str] = "{until}: the moment it waited for, in the site's timezone"

	def run(self, params: dict[str, Any], context: StepContext) -> Any:
		if "for" in params:
			until = context.now + _seconds(params["for"])
		else:
			until = parse_moment(params["until"], context.site.timezone)
		output = {"until": _text(context.site, until)}
		return Wait(until, output) if until > context.now else output


class End(Action):
	"""Ends the run here, as a success unless told otherwise."""

	name: ClassVar[str] = "flow.stop"
	summary: ClassVar[str] = "End the run here"
	parameters: ClassVar[Mapping[str, Any]] = {
		"type": "object",
		"additionalProperties": False,
		"properties": {
			"status": {
				"type": "string",
				"enum": [SUCCEEDED, FAILED, CANCELLED],
				"default": SUCCEEDED,
				"description": "How the run ends",
			},
			"message": words("Why, for the people who look at the run"),
		},
	}
	returns: ClassVar[str] = "nothing: the run ends here"

	def run(self, params: dict[str, Any], context: StepContext) -> Stop:
		return Stop(params.get("status", SUCCEEDED), str(params.get("message", "")))


def parse_moment(text: str, zone: str) -> float:
	"""Seconds since 1970 (UTC) for a date and time as ISO 8601 writes it, in `zone` unless it has an offset.

	A date alone means its midnight. Raises ValidationError for anything else.
	"""
	text = text.strip()
	try:
		# Python 3.10 does not read the Z.
		moment = datetime.fromisoformat(text[:-1] + "+00:00" if text.endswith("Z") else text)
		if moment.year not in YEARS:
			raise ValueError("no calendar holds it in every timezone")
	except ValueError:
		raise ValidationError(
			f"params.until: {shown(text)} is not a moment. Write 2025-12-31 09:00 or 2025-12-31T09:00:00+01:00."
		) from None
	return (moment if moment.tzinfo else moment.replace(tzinfo=_zone(zone))).timestamp()


def _zone(name: str) -> tzinfo:
	return timezone.utc if name == "UTC" else ZoneInfo(name)  # UTC needs no timezone database


def _seconds(duration: Any) -> float:
	try:
		return parse_duration(duration)
	except ValueError as error:
		raise ValidationError(f"params.for: {error}") from None


def _text(site: Site, seconds: float) -> str:
	return site.local_time(seconds).isoformat(sep=" ", timespec="seconds")
