"""Steps that steer the run itself: waiting, and ending it early."""

from datetime import timezone
from typing import Any
from zoneinfo import ZoneInfo

from dogansystem.actions.base import Action, StepContext, Stop, Wait
from dogansystem.actions.schema import ValidationError, parameters, shown, text, words
from dogansystem.engine.durations import parse_duration
from dogansystem.engine.states import CANCELLED, FAILED, SUCCEEDED
from dogansystem.engine.templates.date_filters import full

YEARS = range(1900, 9000)
# What a check can see; engine.durations has the last word.
DURATION = r"^\s*([0-9]+(\.[0-9]+)?|([0-9]+(\.[0-9]+)?[dhms]\s*)+)\s*$"


class WaitFor(Action):
	"""Waits as a row: no worker sleeps meanwhile."""

	name = "flow.wait"
	summary = "Wait for a time, or until a moment"
	parameters = parameters(
		{},
		{
			"for": {
				"type": ["string", "number"],
				"minimum": 0,
				"pattern": DURATION,
				"description": "How long to wait: seconds, or 30s, 15m, 2h, 1d",
			},
			"until": text(
				"The moment to wait for, such as 2025-12-31 09:00; in the site's timezone unless it "
				"says another (2025-12-31T09:00+01:00). A moment that has passed does not wait.",
				pattern=r"^\s*[0-9]{4}-[0-9]{2}-[0-9]{2}",
			),
		},
		oneOf=[{"required": ["for"]}, {"required": ["until"]}],
	)
	returns = "{until}: the moment it waited for, in the site's timezone"

	def run(self, params: dict[str, Any], context: StepContext) -> Any:
		if "for" in params:
			try:
				until = context.now + parse_duration(params["for"])
			except ValueError as error:
				raise ValidationError(f"params.for: {error}") from None
		else:
			until = parse_moment(params["until"], context.site.timezone)
		moment = context.site.local_time(until)
		output = {"until": moment.isoformat(sep=" ", timespec="seconds")}
		return Wait(until, output) if until > context.now else output


class End(Action):
	"""Ends the run here, as a success unless told otherwise."""

	name = "flow.stop"
	summary = "End the run here"
	parameters = parameters(
		{},
		{
			"status": {
				"type": "string",
				"enum": [SUCCEEDED, FAILED, CANCELLED],
				"default": SUCCEEDED,
				"description": "How the run ends",
			},
			"message": words("Why, for the people who look at the run"),
		},
	)
	returns = "nothing: the run ends here"

	def run(self, params: dict[str, Any], context: StepContext) -> Stop:
		return Stop(params.get("status", SUCCEEDED), str(params.get("message", "")))


def parse_moment(text: str, zone: str) -> float:
	"""Seconds since 1970 (UTC) for a date and time as ISO 8601 writes it, in `zone` unless it has an offset.

	A date alone means its midnight. Raises ValidationError for anything else.
	"""
	try:
		moment = full(text)
		if moment.year not in YEARS:
			raise ValueError("no calendar holds it in every timezone")
	except ValueError:
		raise ValidationError(
			f"params.until: {shown(text)} is not a moment. Write 2025-12-31 09:00 or 2025-12-31T09:00:00+01:00."
		) from None
	if not moment.tzinfo:  # UTC needs no timezone database
		moment = moment.replace(tzinfo=timezone.utc if zone == "UTC" else ZoneInfo(zone))
	return moment.timestamp()
