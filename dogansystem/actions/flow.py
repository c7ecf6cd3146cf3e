"""Steps that steer the run itself: waiting, and ending it early."""

from collections.abc import Mapping
from datetime import timezone
from typing import Any
from zoneinfo import ZoneInfo

from dogansystem.actions.base import Action, Branch, StepContext, Stop, Wait
from dogansystem.actions.schema import Schema, ValidationError, is_true, parameters, shown, text, words
from dogansystem.engine.durations import parse_duration
from dogansystem.engine.signals import EXPIRED, NAME, RECEIVED, subject_of
from dogansystem.engine.states import CANCELLED, FAILED, SUCCEEDED
from dogansystem.engine.templates.date_filters import full
from dogansystem.store import signals
from dogansystem.store.moment import moment

YEARS = range(1900, 9000)
ELSE = "else"  # the branch that is taken when no case is true
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
			until = context.now + seconds_of(params["for"], "for")
		else:
			until = parse_moment(params["until"], context.site.timezone)
		moment = context.site.local_time(until)
		output = {"until": moment.isoformat(sep=" ", timespec="seconds")}
		return Wait(until, output) if until > context.now else output


class Choose(Action):
	"""Ends in the branch of the first case that is true, or in `else`."""

	name = "flow.choose"
	summary = "Go on in one of several ways"
	branches_from = "cases"
	parameters = parameters(
		{
			"cases": {
				"type": "array",
				"minItems": 1,
				"description": "The ways, each with a `name` and an `if`; the first one that is true is taken, else `else`",
				"items": parameters(
					{
						"name": text(
							"The name of the branch: letters, digits, underscore, and not `else`",
							pattern=r"^(?!else$)[A-Za-z][A-Za-z0-9_]*$",
						),
						"if": {
							"format": "condition",
							"description": "When it is taken, such as {{ doc.grand_total > 1000 }}",
						},
					}
				),
			}
		}
	)
	returns = "{branch}: the name of the case, or else"

	def branches_of(self, params: Mapping[str, Any]) -> tuple[str, ...]:
		"""The names of the cases, and `else`."""
		cases = params.get("cases")
		names = (
			[each.get("name") for each in cases if isinstance(each, dict)] if isinstance(cases, list) else []
		)
		return (*dict.fromkeys(name for name in names if isinstance(name, str)), ELSE)

	def run(self, params: dict[str, Any], context: StepContext) -> Branch:
		taken = next((case["name"] for case in params["cases"] if is_true(case["if"])), ELSE)
		return Branch(taken, {"branch": taken})


KEY: Schema = {
	"type": ["string", "number"],
	"description": "Which of the signals of that name, such as {{ doc.name }}; the one without a key if left out",
}


class WaitForSignal(Action):
	"""Waits as a row until a signal is sent, or a deadline has passed."""

	name = "flow.wait_for"
	summary = "Wait for a signal"
	branches = (RECEIVED, EXPIRED)
	parameters = parameters(
		{"signal": text("The name of the signal: letters, digits, _ - and .", pattern=NAME)},
		{
			"key": KEY,
			"deadline": {
				"type": ["string", "number"],
				"minimum": 0,
				"pattern": DURATION,
				"description": "How long it waits at most: seconds, or 30s, 15m, 2h, 1d",
			},
		},
	)
	returns = "the signal's data; null after the deadline"

	def run(self, params: dict[str, Any], context: StepContext) -> Wait:
		until = None
		if "deadline" in params:
			until = context.now + seconds_of(params["deadline"], "deadline")
		name, key = params["signal"], params.get("key")
		return Wait(until, {"signal": name, "key": key}, "signal", subject_of(name, key))


class SendSignal(Action):
	"""Sends a signal in the step's transaction, so that nothing has to tell one attempt from another: a retried run sends anew."""

	name = "flow.signal"
	summary = "Send a signal to runs that wait for it, and to workflows that it starts"
	parameters = parameters(
		{"signal": text("The name of the signal: letters, digits, _ - and .", pattern=NAME)},
		{"key": KEY, "data": {"description": "What goes with it: any data"}},
	)
	returns = "{signal}: its number"

	def run(self, params: dict[str, Any], context: StepContext) -> dict[str, Any]:
		site = context.site
		sent = signals.send(
			site.database,
			params["signal"],
			params.get("key"),
			params.get("data"),
			context.user,
			moment(site),
		)
		site.after_commit(site.doorbell.ring)
		return {"signal": sent}


class RunWorkflow(Action):
	"""Starts a run of another workflow and, unless told otherwise, waits for its end."""

	name = "flow.run"
	summary = "Run another workflow"
	parameters = parameters(
		{"workflow": text("The name of the workflow")},
		{
			"input": {"description": "The input of the run"},
			"wait": {
				"type": "boolean",
				"default": True,
				"description": "Whether the step waits for the run to end",
			},
		},
	)
	returns = "the output of the run; {run} if it does not wait"

	def run(self, params: dict[str, Any], context: StepContext) -> Any:
		assert context.start_run is not None
		run = context.start_run(params["workflow"], params.get("input"))
		return Wait(kind="child", key=run) if params.get("wait", True) else {"run": run}


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


def seconds_of(value: Any, parameter: str) -> float:
	"""The seconds of a duration that is a parameter. Raises ValidationError."""
	try:
		return parse_duration(value)
	except ValueError as error:
		raise ValidationError(f"params.{parameter}: {error}") from None


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
