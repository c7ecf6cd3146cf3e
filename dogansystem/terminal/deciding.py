"""The commands by which people decide, on a sandbox and on a bench: `approvals` and `decide`."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import click

from dogansystem.people.settling import in_transaction
from dogansystem.terminal import files
from dogansystem.terminal.shared import command
from dogansystem.terminal.shell import Opened, json_option, print_json, print_lines

DECISIONS = {"approve": "approved", "reject": "rejected", "answer": "answered"}


@command(
	"approvals",
	click.option("--user", metavar="USER", help="Only what waits for this user, or for whom they stand in."),
	json_option,
)
def _approvals(opened: Opened, user: str | None, as_json: bool) -> None:
	"""Show what waits for whom: approvals, and forms to fill in."""
	with opened() as orchestrator:
		found = orchestrator.pending_approvals(user)
	if as_json:
		print_json({"approvals": found})
	else:
		print_lines([_line(each) for each in found] or ["Nothing waits for a decision."])


def _line(each: Mapping[str, Any]) -> str:
	index = "" if each["index"] is None else f"[{each['index']}]"
	document = f", {each['document']['doctype']} {each['document']['name']}" if each["document"] else ""
	until = f", until {each['deadline'][:19]}" if each["deadline"] else ""
	instead = f" (for {each['for']})" if each.get("for") else ""
	where = f"{each['workflow']}, step {each['step']}{index}"
	return f"{each['approval']}  {each['kind']:<7} {', '.join(each['asked'])}{instead}: {each['subject']} ({where}{document}{until})"


@command(
	"decide",
	click.argument("approval"),
	click.argument("decision", type=click.Choice(tuple(DECISIONS))),
	click.option("--as", "user", required=True, metavar="USER", help="Who decides."),
	click.option("--comment", default="", help="Why."),
	click.option("--values", metavar="JSON", help="The values of the fields asked, or @FILE."),
	json_option,
)
def _decide(
	opened: Opened, approval: str, decision: str, user: str, comment: str, values: str | None, as_json: bool
) -> None:
	"""Decide APPROVAL as a user: `approve` or `reject`; `answer` fills in a form, with --values."""
	with opened() as orchestrator:
		given = files.json_value(values, "--values") if values is not None else None
		made = DECISIONS[decision]
		decide = partial(orchestrator.decide, approval, made, user=user, comment=comment, values=given)
		found = in_transaction(orchestrator.site, partial(decide, through="command"))
	print_json(found) if as_json else click.echo(_outcome(found, user))


def _outcome(found: Mapping[str, Any], user: str) -> str:
	if found["status"] == "Open":
		return f"{user} has decided; it waits for {', '.join(found['asked'])}."
	return f"{found['subject']}: {found['status'].lower()}."
