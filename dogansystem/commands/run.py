"""A run, started and worked off from a shell."""

import json
import sys
from pathlib import Path
from typing import Any

import click
import frappe
from frappe.commands import pass_context

from dogansystem.agents.ai.shown import with_asks
from dogansystem.commands.site import (
	FAILED,
	json_option,
	orchestrator_of,
	path_of,
	print_json,
	user_option,
)
from dogansystem.engine import errors
from dogansystem.proving.dry_run import Asked
from dogansystem.proving.dry_run import dry_run as tried
from dogansystem.terminal.answers import read as read_answers
from dogansystem.terminal.shell import PATIENCE, WAITS, print_lines
from dogansystem.terminal.show import run_lines, step_line
from dogansystem.terminal.status import problem_lines
from dogansystem.terminal.trying import lines as lines_of_dry_run


@click.command("run")
@click.argument("workflow")
@click.option("--input", "given", help="The run's input, as JSON.")
@click.option("--doc", nargs=2, metavar="DOCTYPE NAME", help="The document that the run is about.")
@click.option(
	"--dry-run", is_flag=True, help="Show what it would do, and undo all of it. WORKFLOW may be a file too."
)
@click.option(
	"--answer",
	"answers",
	multiple=True,
	metavar="STEP=JSON",
	help="With --dry-run: what people say to a step.",
)
@click.option("--key", help="Idempotency key: a second run with the same key is the first one.")
@click.option(
	"--wait/--no-wait", default=True, help="Work off the run in this process, and print its result."
)
@user_option
@json_option
@pass_context
def run(
	context: Any,
	workflow: str,
	given: str | None,
	doc: tuple[str, str] | None,
	dry_run: bool,
	answers: tuple[str, ...],
	key: str | None,
	wait: bool,
	user: str,
	as_json: bool,
) -> None:
	"""Start a run of an enabled workflow, or see what one would do. Exit code 1 if it fails or is cancelled, 4 if it waits for people or a signal."""
	with orchestrator_of(context, user) as orchestrator:
		from dogansystem.homes.frappe.permissions import reader

		document = orchestrator.site.documents.get(*doc) if doc else None
		if dry_run:
			found = _tried(orchestrator, workflow, _input(given), document, answers)
			print_json(found) if as_json else print_lines(lines_of_dry_run(found))
			sys.exit(
				FAILED if found["status"] in ("Failed", "Cancelled") else WAITS if found["stopped"] else 0
			)
		name = orchestrator.start_run(workflow, _input(given), document=document, idempotency_key=key)
		frappe.db.commit()
		for line in problem_lines(orchestrator.get_obstacles()):
			click.echo(line, err=True)
		if wait:
			_work_off(orchestrator, name)
		found = with_asks(orchestrator.site, orchestrator.get_run(name), reader(user))
		print_json(found) if as_json else print_lines([*map(step_line, found["steps"]), *run_lines(found)])
	if found["status"] in ("Failed", "Cancelled"):
		sys.exit(FAILED)
	if wait and found["status"] == "Waiting":
		sys.exit(WAITS)


def _tried(
	orchestrator: Any, workflow: str, given: Any, document: Any, answers: tuple[str, ...]
) -> dict[str, Any]:
	"""The report of a dry run of a workflow of this site, or of a definition in a file."""
	from dogansystem.homes.frappe.values import plain

	path = Path(path_of(workflow))
	if path.is_file():
		definition = orchestrator.check(path.read_text(encoding="utf-8"))
	else:
		definition = orchestrator.check(orchestrator.export_workflow(workflow))
	said: dict[str, list[Any]] = {}
	for each in read_answers(answers, definition):
		said.setdefault(each.step, []).append(each.given)
	site = orchestrator.site
	return plain(tried(site, Asked(definition, site.user, input=given, document=document, answers=said)))


def _input(given: str | None) -> Any:
	if given is None:
		return None
	try:
		return json.loads(given)
	except ValueError as error:
		raise errors.InputError(f"--input is not JSON: {error}") from None


def _work_off(orchestrator: Any, run: str) -> None:
	"""Work in this process, beside whatever workers there are, until the run has ended or waits for people or a signal."""
	from dogansystem.engine.changes import NEVER
	from dogansystem.engine.states import PAUSED, RUN_FINISHED, WAITING
	from dogansystem.homes.frappe.site import IDLE_USER
	from dogansystem.store import children
	from dogansystem.worker.drainer import Drainer

	def ended() -> bool:
		frappe.db.rollback()  # a new snapshot
		site, status = orchestrator.site, orchestrator.get_run(run)["status"]
		if status != WAITING:
			return status in (*RUN_FINISHED, PAUSED)
		return children.next_due(site.database, run, people_until=site.now() + PATIENCE) >= NEVER

	asking = frappe.session.user
	frappe.set_user(IDLE_USER)
	while not ended():
		Drainer(orchestrator.site, until=ended).run()
	frappe.set_user(asking)
