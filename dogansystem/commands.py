"""`bench --site SITE dogansystem …`: the same questions and orders as over the API, from a shell.

Exit codes are those of the `dogansystem` command: 0 done, 1 the run failed or was cancelled, 2 not a valid definition or
input, 3 could not be done.
"""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import frappe
import yaml
from frappe.commands import get_site, pass_context

from dogansystem.engine import errors
from dogansystem.terminal import status as terminal_status

FAILED, NOT_VALID, NOT_DONE = 1, 2, 3
_NOT_VALID = (errors.DefinitionError, errors.InputError)


@click.group("dogansystem")
def dogansystem() -> None:
	"""Workflows and agents of a site."""


def _json_option(command: Callable[..., Any]) -> Callable[..., Any]:
	return click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")(command)


def _user_option(command: Callable[..., Any]) -> Callable[..., Any]:
	return click.option(
		"--user", default="Administrator", show_default=True, help="Who asks; their permissions count."
	)(command)


@dogansystem.command("status")
@click.option("--watch", is_flag=True, help="Show it again every two seconds until Ctrl-C.")
@_json_option
@pass_context
def status(context: Any, watch: bool, as_json: bool) -> None:
	"""How much there is of everything, and how it goes."""
	with _orchestrator(context) as orchestrator:

		def read() -> dict[str, Any]:
			frappe.db.rollback()  # what was read before is what was true then
			return orchestrator.get_system_status()

		if watch:
			terminal_status.watch(read, as_json)
			return
		found = read()
		_print(found) if as_json else click.echo("\n".join(terminal_status.lines(found)))


@dogansystem.command("check")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False))
@_json_option
@pass_context
def check(context: Any, files: tuple[str, ...], as_json: bool) -> None:
	"""Check definitions against this site's actions. Exit code 2 if one is not valid."""
	with _orchestrator(context) as orchestrator:
		found = {file: _problems(orchestrator, file) for file in files}
	if as_json:
		_print({"valid": not any(found.values()), "problems": found})
	else:
		_show_problems(found)
	if any(found.values()):
		sys.exit(NOT_VALID)


@dogansystem.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False))
@click.option("--enable/--disable", "enabled", default=None, help="Left out: as it is; a new one disabled.")
@_user_option
@_json_option
@pass_context
def import_(context: Any, files: tuple[str, ...], enabled: bool | None, user: str, as_json: bool) -> None:
	"""Keep definitions as workflows of the site: all of them, or none if one is not valid."""
	with _orchestrator(context, user) as orchestrator:
		problems = {file: found for file in files if (found := _problems(orchestrator, file))}
		if problems:
			_print({"imported": [], "problems": problems}) if as_json else _show_problems(problems)
			sys.exit(NOT_VALID)
		names = [orchestrator.import_workflow(Path(file).read_text(), enabled) for file in files]
		frappe.db.commit()
	_print({"imported": names}) if as_json else [click.echo(f"{name}: imported") for name in names]


@dogansystem.command("export")
@click.argument("workflows", nargs=-1, required=True)
@_json_option
@pass_context
def export(context: Any, workflows: tuple[str, ...], as_json: bool) -> None:
	"""Print workflows as YAML, or as JSON."""
	with _orchestrator(context) as orchestrator:
		found = [orchestrator.export_workflow(name) for name in workflows]
	if as_json:
		_print(found[0] if len(found) == 1 else found)
	else:
		click.echo(yaml.safe_dump_all(found, sort_keys=False, allow_unicode=True, width=110), nl=False)


@dogansystem.command("run")
@click.argument("workflow")
@click.option("--input", "given", help="The run's input, as JSON.")
@click.option("--doc", nargs=2, metavar="DOCTYPE NAME", help="The document that the run is about.")
@click.option("--key", help="Idempotency key: a second run with the same key is the first one.")
@click.option(
	"--wait/--no-wait", default=True, help="Work off the run in this process, and print its result."
)
@_user_option
@_json_option
@pass_context
def run(
	context: Any,
	workflow: str,
	given: str | None,
	doc: tuple[str, str] | None,
	key: str | None,
	wait: bool,
	user: str,
	as_json: bool,
) -> None:
	"""Start a run of an enabled workflow. Exit code 1 if it fails or is cancelled."""
	with _orchestrator(context, user) as orchestrator:
		document = orchestrator.site.documents.get(*doc) if doc else None
		name = orchestrator.start_run(workflow, _input(given), document=document, idempotency_key=key)
		frappe.db.commit()
		if wait:
			_work_off(orchestrator, name)
		found = orchestrator.get_run(name)
		_print(found) if as_json else click.echo(_run_table(found))
	if found["status"] in ("Failed", "Cancelled"):
		sys.exit(FAILED)


@contextmanager
def _orchestrator(context: Any, user: str = "Administrator") -> Iterator[Any]:
	"""The site's front door, with `user` acting. What is wrong is printed, and the exit code says of which kind."""
	frappe.init(site=get_site(context))
	frappe.connect()
	try:
		from dogansystem.orchestrator import Orchestrator
		from dogansystem.sites.frappe_site import current_site

		frappe.set_user(user)
		yield Orchestrator(current_site())
	except _NOT_VALID as error:
		click.echo(str(error), err=True)
		sys.exit(NOT_VALID)
	except (errors.DoganError, frappe.ValidationError, frappe.PermissionError) as error:
		click.echo(frappe.utils.strip_html(str(error)), err=True)
		sys.exit(NOT_DONE)
	finally:
		frappe.destroy()


def _problems(orchestrator: Any, file: str) -> list[str]:
	try:
		orchestrator.check(Path(file).read_text())
	except errors.DefinitionError as error:
		return [str(problem) for problem in error.problems]
	return []


def _show_problems(found: Mapping[str, list[str]]) -> None:
	for file, problems in found.items():
		for problem in problems:
			click.echo(f"{file}: {problem}", err=True)
		if not problems:
			click.echo(f"{file}: valid")


def _input(given: str | None) -> Any:
	if given is None:
		return None
	try:
		return json.loads(given)
	except ValueError as error:
		raise errors.InputError(f"--input is not JSON: {error}") from None


def _work_off(orchestrator: Any, run: str) -> None:
	"""Work in this process, beside whatever workers there are, until the run has ended."""
	from dogansystem.engine.states import PAUSED, RUN_FINISHED
	from dogansystem.sites.frappe_site import IDLE_USER
	from dogansystem.worker.drainer import Drainer

	def ended() -> bool:
		frappe.db.rollback()  # a new snapshot
		return orchestrator.get_run(run)["status"] in (*RUN_FINISHED, PAUSED)

	asking = frappe.session.user
	frappe.set_user(IDLE_USER)
	while not ended():
		Drainer(orchestrator.site, until=ended).run()
	frappe.set_user(asking)


def _print(data: Any) -> None:
	click.echo(json.dumps(data, indent=1, ensure_ascii=False, default=str))


def _run_table(run: Mapping[str, Any]) -> str:
	lines = [f"{run['run']}  {run['workflow']}  {run['status']}"]
	for step in run["steps"]:
		name = step["id"] if step["index"] is None else f"  {step['id']}[{step['index']}]"
		lines.append(f"  {name:<24} {step['status']:<10} {step['error'] or ''}".rstrip())
	if run["error"]:
		lines.append(str(run["error"]))
	return "\n".join(lines)


commands = [dogansystem]
