"""Steps that wait for people: an approval, and a form that somebody fills in. Source: workflow-format.md, *flow.approve*."""

from collections.abc import Mapping
from typing import Any

from dogansystem.actions.base import Action, StepContext, Wait
from dogansystem.actions.flow import DURATION, seconds_of
from dogansystem.actions.schema import (
	Schema,
	ValidationError,
	document_of,
	parameters,
	switch,
	text,
	words,
)
from dogansystem.engine import approvals as rules_of
from dogansystem.engine import forms
from dogansystem.engine.approvals import Rules
from dogansystem.engine.errors import InputError
from dogansystem.people import asking
from dogansystem.people.asking import About

MIN_REMINDER = 60.0  # seconds: nobody is reminded more often


def _to(description: str) -> Schema:
	user = {"type": "string", "minLength": 1}
	return {
		"type": ["string", "array", "object"],
		"minLength": 1,
		"minItems": 1,
		"items": user,
		"additionalProperties": False,
		"minProperties": 1,
		"maxProperties": 1,
		"properties": {
			"role": {**user, "description": "Everybody who is enabled and has this role"},
			"field": {**user, "description": "The users whom this field of the run's document names"},
			"matrix": {**user, "description": "The name of a Dogan Approval Matrix"},
		},
		"description": description,
	}


def _duration(description: str) -> Schema:
	form = {"type": ["string", "number"], "minimum": 0, "pattern": DURATION}
	return {**form, "description": f"{description}: seconds, or 30s, 15m, 2h, 1d"}


TO = _to("Who decides: a user, a list of users, {role}, {field: doc.sales_manager}, or {matrix}")
FIELDS: Schema = {
	"type": "array",
	"minItems": 1,
	"maxItems": forms.MAX_FIELDS,
	"items": parameters(
		{"name": text("The name of the value", pattern=r"^[A-Za-z][A-Za-z0-9_]*$", maxLength=60)},
		{
			"label": words("What people read"),
			"type": {
				"type": "string",
				"enum": list(forms.TYPES),
				"default": "Data",
				"description": "A Frappe fieldtype",
			},
			"options": {
				"type": ["string", "array"],
				"items": {"type": ["string", "number"]},
				"description": "Of a Select what may be chosen; of a Link the DocType",
			},
			"required": switch("Whether it must be filled in"),
			"default": {"description": "What it holds if nobody fills it in"},
		},
	),
}


class Approve(Action):
	"""Asks people, and waits as a row until they have decided, or a deadline has passed."""

	name = "flow.approve"
	summary = "Let people decide"
	branches = (rules_of.APPROVED, rules_of.REJECTED, rules_of.EXPIRED)
	parameters = parameters(
		{"to": TO, "subject": words("What is asked, in a line", needed=True)},
		{
			"message": words("What is asked, in full"),
			"document": document_of(
				"What it is about: shown with it, and shared for reading with those who may not read it, until they have decided"
			),
			"needs": {
				"type": ["integer", "string"],
				"minimum": 1,
				"pattern": r"^(all|[1-9][0-9]*)$",
				"default": 1,
				"description": "How many approvals: a number, or all",
			},
			"rejects": {
				"type": "string",
				"enum": ["first", "all"],
				"default": "first",
				"description": "first: one rejection rejects. all: it is rejected once all have decided and too few have approved",
			},
			"not_by": {
				"type": ["string", "array", "null"],
				"items": {"type": ["string", "null"]},
				"description": "Who may not decide, whatever their role, nor may who stands in for them, such as {{ run.started_by }}",
			},
			"fields": {**FIELDS, "description": "What is asked along with the decision"},
			"comment": {
				"type": "string",
				"enum": list(rules_of.COMMENT_RULES),
				"default": rules_of.OPTIONAL,
				"description": "Whether a comment is needed",
			},
			"deadline": _duration("How long it waits at most"),
			"at_deadline": {
				"type": "string",
				"enum": [*rules_of.AT_DEADLINE, rules_of.ESCALATE],
				"default": "expire",
				"description": "What happens after the deadline; escalate asks others instead",
			},
			"escalate_to": parameters(
				{"to": _to("Who is asked then")},
				{"deadline": _duration("How long it waits for them; then it expires")},
				description="Who is asked after the deadline",
			),
			"remind": _duration("How often those who have not decided are reminded"),
			"delegate": switch("Whether who is asked may pass it on to somebody else", True),
		},
	)
	returns = "{decision, comment, values, decisions}: of each of `decisions` by, for, decision, comment, at and through"

	def run(self, params: dict[str, Any], context: StepContext) -> Wait:
		_check(params)
		document = params.get("document")
		values = context.site.documents.get(document["doctype"], str(document["name"])) if document else None
		about = About(context.doc, values)
		escalate = params.get("escalate_to") or {}
		rules = Rules(
			needs=rules_of.ALL if params.get("needs") == "all" else int(params.get("needs", 1)),
			rejects_all=params.get("rejects") == "all",
			comment=params.get("comment", rules_of.OPTIONAL),
			not_by=_users(params.get("not_by")),
			fields=_fields(params.get("fields", [])),
			may_delegate=params.get("delegate", True),
		)
		site = context.site
		more = {
			"message": str(params.get("message", "")),
			"document": (document["doctype"], str(document["name"])) if document else None,
			"at_deadline": params.get("at_deadline", "expire"),
			"escalate_to": asking.wanted(site, escalate["to"], _of_escalation(about)) if escalate else None,
			"escalate_deadline": _seconds(escalate, "deadline", "escalate_to.deadline"),
			"remind": _seconds(params, "remind", "remind") or 0.0,
		}
		return _ask(params, context, rules, about, more)


class Ask(Action):
	"""Puts a form to people, and waits as a row until one of them has filled it in, or a deadline has passed."""

	name = "flow.ask"
	summary = "Let somebody fill in a form"
	branches = (rules_of.ANSWERED, rules_of.EXPIRED)
	parameters = parameters(
		{
			"to": _to(
				"Who is asked: a user, a list of users, {role}, {field: doc.sales_manager}, or {matrix}"
			),
			"subject": words("What is asked, in a line", needed=True),
			"fields": {**FIELDS, "description": "The fields of the form"},
		},
		{"message": words("What is asked, in full"), "deadline": _duration("How long it waits at most")},
	)
	returns = "{by, values}: who filled it in, and what; after the deadline nobody, and the defaults"

	def run(self, params: dict[str, Any], context: StepContext) -> Wait:
		rules = Rules(kind=rules_of.ASK, fields=_fields(params["fields"]))
		more = {"message": str(params.get("message", ""))}
		return _ask(params, context, rules, About(context.doc), more)


def _ask(
	params: Mapping[str, Any], context: StepContext, rules: Rules, about: About, more: Mapping[str, Any]
) -> Wait:
	approval, until, _ = asking.ask_for_step(
		context,
		asking.wanted(context.site, params["to"], about),
		rules,
		str(params["subject"]).strip(),
		deadline=_seconds(params, "deadline", "deadline"),
		**more,
	)
	return Wait(until, None, "decision", approval)


def _check(params: Mapping[str, Any]) -> None:
	escalates = params.get("at_deadline") == rules_of.ESCALATE
	if escalates and "escalate_to" not in params:
		raise ValidationError("params.escalate_to is missing: say who is asked after the deadline.")
	if "escalate_to" in params and not escalates:
		raise ValidationError("params.escalate_to needs `at_deadline: escalate`.")
	if "at_deadline" in params and "deadline" not in params:
		raise ValidationError("params.at_deadline needs a `deadline`.")
	if "remind" in params and seconds_of(params["remind"], "remind") < MIN_REMINDER:
		raise ValidationError("params.remind: nobody is reminded more often than once a minute.")


def _seconds(params: Mapping[str, Any], key: str, path: str) -> float | None:
	return seconds_of(params[key], path) if key in params else None


def _users(given: Any) -> tuple[str, ...]:
	found = given if isinstance(given, list) else [given]
	return tuple(rules_of.distinct(str(each) for each in found if each))


def _of_escalation(about: About) -> About:
	return About(about.doc, about.document, "escalate_to.to")


def _fields(given: list[Mapping[str, Any]]) -> tuple[forms.Field, ...]:
	try:
		found = tuple(forms.field_of(each) for each in given)
	except InputError as error:
		raise ValidationError(f"params.{error}") from None
	if len({each.name for each in found}) < len(found):
		raise ValidationError("params.fields: two fields have the same name.")
	return found
