"""Review: a version of a workflow is approved by somebody else before it is enabled, where Dogan Settings ask for it.

It is asked for by a run with one `flow.approve`, so that the approvals that people know do the rest. That run goes by a version of
its own which no Dogan Workflow has: nobody can edit it, start it or enable it. What counts is looked at each time anew: an approval
of a run that `ask` has started, about exactly this version.
"""

from collections.abc import Mapping
from html import escape
from typing import Any

import frappe
from frappe import _

from dogansystem.engine import compared
from dogansystem.engine.definition import Definition
from dogansystem.engine.definitions.parse import parse
from dogansystem.engine.definitions.stored import checksum
from dogansystem.engine.errors import InputError
from dogansystem.homes.frappe.site import current_site
from dogansystem.orchestrator import Orchestrator
from dogansystem.store import start, versions
from dogansystem.store.moment import moment

NAME = "dogan-review"  # no workflow of people has this name
CAUSE = "review"  # of a run that only `ask` starts
VERSION, SETTINGS = "Dogan Workflow Version", "Dogan Settings"
ROLE = "System Manager"  # who reviews, if Settings name no other role
MAX_TOLD = 200  # sentences about the difference; what is more is counted

_SOURCE: Mapping[str, Any] = {
	"name": NAME,
	"steps": [
		{
			"id": "review",
			"title": "Somebody else reviews the version",
			"action": "flow.approve",
			"params": {
				"to": {"role": "{{ input.role }}"},
				"subject": "{{ input.subject }}",
				"message": "{{ input.message }}",
				"document": {"doctype": VERSION, "name": "{{ input.version }}"},
				"not_by": "{{ input.makers }}",
				"comment": "on_rejection",
				"delegate": False,
			},
		},
		{
			"id": "tell",
			"title": "Whoever asked is told",
			"after": ["review"],
			"action": "notify.user",
			"params": {
				"user": "{{ run.started_by }}",
				"subject": "{{ input.answers[steps.review.branch] }}",
				"document": {"doctype": "Dogan Workflow", "name": "{{ input.workflow }}"},
			},
		},
	],
}


def required() -> bool:
	"""Whether this site asks for a review."""
	return bool(frappe.db.get_single_value(SETTINGS, "require_review"))


def approvals_of(workflow: str) -> dict[str, str]:
	"""The approved versions of a workflow, and who approved each. Another one that says the same is approved with it."""
	ours = versions_of_review()
	rows = frappe.db.sql(
		f"""SELECT v.name, a.settled_by FROM `tab{VERSION}` v
		JOIN `tabDogan Approval` a ON a.reference_doctype = %s AND a.reference_name = v.name AND a.status = 'Approved'
		JOIN `tabDogan Workflow Run` r ON r.name = a.run
		WHERE v.workflow = %s AND a.workflow = %s AND r.cause = %s AND r.version IN %s""",
		(VERSION, workflow, NAME, CAUSE, tuple(ours) or ("",)),
	)
	found = {name: by for name, by in rows if by}
	known = frappe.get_all(
		VERSION,
		{"workflow": workflow},
		["name", "checksum", "trusted", "owner", "approved_by"],
		order_by="version asc",
		limit=0,
	)
	found |= {each.name: each.approved_by for each in known if each.approved_by}
	by_meaning = {_meaning(each): found[each.name] for each in known if each.name in found}
	return {each.name: by_meaning[_meaning(each)] for each in known if _meaning(each) in by_meaning}


def _meaning(version: Any) -> tuple[Any, ...]:
	"""What a version does depends on who made it too, unless they may lend the permissions of others."""
	return version.checksum, bool(version.trusted), None if version.trusted else version.owner


def versions_of_review() -> list[str]:
	"""The versions of the run that asks, of this release."""
	return frappe.get_all(
		VERSION, {"workflow": NAME, "checksum": checksum(_definition()), "trusted": 1}, pluck="name"
	)


def approved_by(workflow: str, version: str | None) -> str | None:
	"""Who has approved a version of a workflow; None: nobody."""
	return approvals_of(workflow).get(version or "")


def approved_meaning(definition: Definition, user: str, *, trusted: bool) -> bool:
	"""Whether a version that `user` makes of this definition says what an approved one says."""
	approved = list(approvals_of(definition.name))
	rows = (
		frappe.get_all(VERSION, {"name": ["in", approved]}, ["checksum", "trusted", "owner"])
		if approved
		else []
	)
	return (checksum(definition), trusted, None if trusted else user) in map(_meaning, rows)


def keep(workflow: str, version: str) -> None:
	"""Note on a version who has approved it: the approval itself is deleted with its run one day."""
	if (by := approved_by(workflow, version)) and not frappe.db.get_value(VERSION, version, "approved_by"):
		values = {"approved_by": by, "approved_at": frappe.utils.now_datetime()}
		frappe.db.set_value(VERSION, version, values, update_modified=False)


def state(workflow: str) -> dict[str, Any]:
	"""Of the version saved now: its number (`version`), who `approved_by`, and if it is asked for, the `approval` and who is `asked`."""
	current = frappe.db.get_value("Dogan Workflow", workflow, "current_version")
	open_one = _open(workflow).get(current)
	asked = Orchestrator(current_site()).get_approval(open_one)["asked"] if open_one else []
	return {
		"required": required(),
		"version": frappe.db.get_value(VERSION, current, "version"),
		"approved_by": approved_by(workflow, current),
		"approval": open_one,
		"asked": asked,
	}


def ask(workflow: str) -> str:
	"""Ask for a review of the version saved now; gives the run that asks. What was asked about earlier versions is withdrawn.

	Raises InputError if it is approved, or asked for already.
	"""
	site = current_site()
	doc = frappe.get_doc("Dogan Workflow", workflow, for_update=True)
	current, number = doc.current_version, frappe.db.get_value(VERSION, doc.current_version, "version")
	approved = approvals_of(workflow)
	if current in approved:
		raise InputError(_("Version {0} is approved already, by {1}.").format(number, approved[current]))
	open_ones = _open(workflow)
	if current in open_ones:
		raise InputError(_("Version {0} is in review already: {1}.").format(number, open_ones[current]))
	for approval in open_ones.values():
		Orchestrator(site).cancel_run(frappe.db.get_value("Dogan Approval", approval, "run"))
	made = _since_approved(workflow, approved)
	title = doc.title or workflow
	given = {
		"workflow": workflow,
		"version": current,
		"role": frappe.db.get_single_value(SETTINGS, "review_role") or ROLE,
		"makers": sorted({each.owner for each in made} | {frappe.session.user}),
		"subject": _("Review version {0} of the workflow {1}").format(number, title),
		"message": _message(workflow, current, made),
		"answers": {
			"approved": _("Version {0} of the workflow {1} was approved. It can be enabled.").format(
				number, title
			),
			"rejected": _("Version {0} of the workflow {1} was rejected.").format(number, title),
			"expired": _("Nobody has reviewed version {0} of the workflow {1}.").format(number, title),
		},
	}
	return _start(given)


def _start(given: Mapping[str, Any]) -> str:
	site, definition = current_site(), _definition()
	db, at, user = site.database, moment(site), frappe.session.user
	version = versions.publish(db, definition, at, "Administrator", trusted=True)
	request = start.Start(definition, version, run_as=user, started_by=user, cause=CAUSE, input=dict(given))
	run = start.start_run(db, request, at)
	site.after_commit(site.doorbell.ring)
	return run


def _definition() -> Definition:
	return parse(_SOURCE, fills_run_as=True)


def _since_approved(workflow: str, approved: Mapping[str, str]) -> list[Any]:
	"""The last version that was approved, if there is one, and all that were made since."""
	rows = frappe.get_all(
		VERSION,
		{"workflow": workflow},
		["name", "owner", "note", "version"],
		order_by="version desc",
		limit=0,
	)
	found = []
	for row in rows:
		if row.name in approved:
			break
		found.append(row)
	return found


def _message(workflow: str, current: str, made: list[Any]) -> str:
	"""What is different from the version that was approved last: each sentence in a line, and why it was changed."""
	site = current_site()
	oldest = made[-1].version
	base = frappe.db.get_value(
		VERSION,
		{"workflow": workflow, "version": ["<", oldest]},
		["name", "version"],
		order_by="version desc",
	)
	new = versions.load(site, current).source
	told = [f"{frappe.utils.get_fullname(each.owner)}: {each.note}" for each in reversed(made) if each.note]
	if base:
		found = compared.changes(versions.load(site, base[0]).source, new)
		head = _("Different from version {0}, which was approved:").format(base[1])
		sentences = [_(each.text).format(each.name, _(each.what), each.before, each.after) for each in found]
	else:
		head = _("No version was approved before. Its steps:")
		sentences = [f"{compared.step_name(step)}: {step['action']}" for step in new["steps"]]
	if len(sentences) > MAX_TOLD:
		more = _("and {0} more, which the form of the workflow shows under Versions").format(
			len(sentences) - MAX_TOLD
		)
		sentences = [*sentences[:MAX_TOLD], more]
	lines = "".join(f"<li>{escape(each)}</li>" for each in sentences)
	return "".join(f"<p>{escape(each)}</p>" for each in [*told, head]) + f"<ul>{lines}</ul>"


def _open(workflow: str) -> dict[str, str]:
	"""By version, the approval by which a review is asked for now."""
	rows = frappe.db.sql(
		f"""SELECT v.name, a.name FROM `tab{VERSION}` v
		JOIN `tabDogan Approval` a ON a.reference_doctype = %s AND a.reference_name = v.name AND a.status = 'Open'
		WHERE v.workflow = %s AND a.workflow = %s""",
		(VERSION, workflow, NAME),
	)
	return dict(rows)
