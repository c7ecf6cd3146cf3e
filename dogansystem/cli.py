"""The `dogansystem` command: workflows in a sandbox, with no bench. Source: workflow-format.md, the command line.

Exit codes: 0 succeeded, 1 failed or cancelled, 2 not a valid definition, input or usage, 3 could not be done, 4 it waits for
what nobody will give.
"""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import click

from dogansystem import __version__
from dogansystem.engine.definition import Definition
from dogansystem.engine.definitions.parameters import from_texts
from dogansystem.engine.errors import DefinitionError
from dogansystem.engine.states import RUN_FINISHED
from dogansystem.homes.databases.sqlite import NoRoom
from dogansystem.homes.sandbox import Sandbox
from dogansystem.orchestrator import Orchestrator
from dogansystem.proving.answers import Answers
from dogansystem.proving.course import Course
from dogansystem.proving.saved import Began
from dogansystem.scaling.simulation.question import Question, answer
from dogansystem.scaling.simulation.workload import read
from dogansystem.terminal import (
	beside,
	course,
	deciding,
	definitions,
	files,
	history,
	loads,
	playing,
	rehearsing,
	shared,
	show,
	simulation,
	trying,
)
from dogansystem.terminal import run as runs
from dogansystem.terminal import templates as ready
from dogansystem.terminal.answers import read as read_answers
from dogansystem.terminal.evaluating import evaluate
from dogansystem.terminal.serve import serve as serve_until_stopped
from dogansystem.terminal.shell import (
	DEFAULT_DATABASE,
	FAILED,
	INTERRUPTED,
	INVALID,
	SUCCEEDED,
	WAITS,
	Group,
	errors,
	existing,
	json_option,
	on_sandbox,
	print_json,
	print_lines,
	verbose_option,
)  # fmt: skip
from dogansystem.terminal.testing import test
from dogansystem.terminal.tools import tools
from dogansystem.terminal.ui.command import ui

file_type = click.Path(path_type=Path)


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def main() -> None:
	"""Workflows and agents for ERPNext, tried out in a sandbox: one file, no bench."""


@main.command()
@click.argument("paths", nargs=-1, required=True, type=file_type, metavar="FILE…")
@json_option
def check(paths: tuple[Path, ...], as_json: bool) -> None:
	"""Check workflow definitions. Prints every problem of every file with its path and a remedy."""
	results = [_checked(path) for path in paths]
	if as_json:
		print_json({"files": results})
	else:
		for result in results:
			for problem in result["errors"]:
				print_lines([": ".join(filter(None, (result["file"], problem["path"], problem["message"])))])
			if result["valid"]:
				print_lines(["{file}: ok, {workflow} with {steps} steps".format(**result)])
	sys.exit(SUCCEEDED if all(result["valid"] for result in results) else INVALID)


@main.command()
@click.argument("path", type=file_type, metavar="FILE")
@click.option("--input", "given", metavar="JSON", help="The run's input, or @FILE.")
@click.option("--doc", "doc", type=file_type, help="The document the run is about, as a JSON file.")
@click.option(
	"--documents",
	type=file_type,
	multiple=True,
	help="Documents to load first, as JSON lines. May be repeated.",
)
@shared.set_option
@click.option("--workers", default=4, show_default=True, type=click.IntRange(1, 64))
@click.option("--db", "url", metavar="URL", help="A file or mariadb://…; by default a temporary file.")
@click.option(
	"--dry-run",
	is_flag=True,
	help="Show what would change, and change nothing: waits pass at once, what nobody answers takes its first branch.",
)
@click.option(
	"--skip-waits", is_flag=True, help="Let the clock jump to the next due moment. With one worker."
)
@click.option(
	"--signal",
	"signals",
	multiple=True,
	metavar="JSON",
	help='Send a signal, such as {"name": "paid", "key": "Q-1", "after": "2d"}. May be repeated.',
)
@click.option(
	"--answer",
	"answers",
	multiple=True,
	metavar="STEP=JSON",
	help='Decide what a step asks, such as ok=\'{"decision": "approved", "by": "x@example.com"}\'. May be repeated.',
)
@click.option(
	"--webhook",
	metavar="JSON",
	help='Start by a delivery to its webhook, such as {"body": {"id": 1}, "headers": {}, "query": {}}, or @FILE.',
)
@click.option("--allow-private-network", is_flag=True, help="Let http.request reach private addresses.")
@click.option(
	"--save-test",
	"test_file",
	type=file_type,
	metavar="FILE",
	help="Write the run, real or dry, as a test: FILE.test.yaml.",
)
@verbose_option
@json_option
def run(
	path: Path,
	given: str | None,
	doc: Path | None,
	documents: tuple[Path, ...],
	given_parameters: tuple[str, ...],
	workers: int,
	url: str | None,
	dry_run: bool,
	skip_waits: bool,
	signals: tuple[str, ...],
	answers: tuple[str, ...],
	webhook: str | None,
	allow_private_network: bool,
	test_file: Path | None,
	verbose: bool,
	as_json: bool,
) -> None:
	"""Run a workflow to its end and show what it did."""
	with errors(as_json):
		trying.check_free(test_file)
		definition = files.definition(path)
		value = files.json_value(given, "--input") if given is not None else None
		document = files.document(doc) if doc else None
		to_send = course.to_send(signals)
		to_give = read_answers(answers, definition, dry_run=dry_run)
		delivery = runs.delivery(webhook) if webhook is not None else None
		loaded = [each for file in documents for each in files.documents(file)]
		parameters = from_texts(definition.parameters, given_parameters)
	with errors(as_json), trying.opened(url, dry_run) as site:
		if allow_private_network and not dry_run:  # which asks no server
			site.set_settings(allow_private_network=1)
		agents = beside.missing_agents(site, path.parent, [definition, *playing.others_of(path, definition)])
		of_run_alone = [*agents, *loaded, *([document] if document else [])]
		if not dry_run:
			site.load_documents(of_run_alone)
		given_to_it = trying.began(site.now(), loaded, document, value, parameters, to_send, delivery)
		if dry_run:
			found = trying.dry_run(
				site, definition, value, document, parameters, to_give, to_send, delivery, of_run_alone
			)
			found |= _saved(test_file, path, definition, found, given_to_it)
			_end(found, trying.lines(found), as_json)
		changes, messages = runs.marks(site)
		clock = course.JumpingClock(site.clock) if skip_waits else None
		site.clock = clock or site.clock
		began = site.now()
		name = runs.start(site, definition, value, document, parameters, delivery)
		given_answers = Answers(site, to_give)
		of_run = Course(site, name, to_send, clock, began, given_answers)
		if not as_json:
			site.watch(show.Progress(site, show.to_stderr))
		_work_until_over(site, of_run, 1 if skip_waits else workers, is_kept=bool(url))
		found = runs.result(site, name, changes, messages)
		found["refused_answers"] = given_answers.refused
		found |= _saved(test_file, path, definition, found, given_to_it)
	_end(found, show.run_lines(found), as_json)


def _saved(
	file: Path | None, path: Path, definition: Definition, found: Mapping[str, Any], began: Began
) -> dict[str, Any]:
	"""Write the test that was asked for; says so, and in what it differs when it is played."""
	if file is None:
		return {}
	differs = trying.save_test(file, path, definition, found, began)
	show.to_stderr(f"{file}: written" + (", but it does not pass:" if differs else ", and it passes."))
	for each in differs:
		show.to_stderr(f"  {each.place}: expected {each.expected!r}, found {each.found!r}")
	return {"saved_test": {"file": str(file), "differences": [each.as_json() for each in differs]}}


def _end(found: Mapping[str, Any], lines: list[str], as_json: bool) -> NoReturn:
	"""Print a run and leave with what it came to."""
	print_json(found) if as_json else print_lines(lines)
	if found["status"] not in RUN_FINISHED:
		sys.exit(WAITS)
	sys.exit(SUCCEEDED if found["status"] == "Succeeded" else FAILED)


def _work_until_over(site: Sandbox, of_run: Course, workers: int, is_kept: bool) -> None:
	later = "The run was in a temporary file, which is removed; with --db FILE it is kept."
	if is_kept:
		later = f"Run {of_run.run} goes on with: dogansystem serve --db {site.address} --workers 4"
	try:
		runs.work_until_over(site, of_run, workers)
	except KeyboardInterrupt:
		show.to_stderr(f"Interrupted. {later}")
		sys.exit(INTERRUPTED)
	except NoRoom as error:
		raise NoRoom(f"{error} {later}") from None


@main.command()
@click.option("--db", "url", required=True, metavar="URL", help="A file or mariadb://…")
@click.option("--workers", required=True, type=click.IntRange(1, 256), help="How many worker processes.")
@verbose_option
@json_option
def serve(url: str, workers: int, verbose: bool, as_json: bool) -> None:
	"""Work on a sandbox, with its clock, until stopped."""

	def say(text: str) -> None:
		print_json({"message": text}, indent=None) if as_json else print_lines([text])

	with errors(as_json):
		Sandbox(url).close()  # says now what is wrong with it, not in every worker
		serve_until_stopped(url, workers, say, verbose)


@main.command()
@click.option(
	"--db", "url", default=DEFAULT_DATABASE, show_default=True, metavar="FILE", help="Where the tour is kept."
)
@click.option("--workers", default=4, show_default=True, type=click.IntRange(1, 64))
@verbose_option
@json_option
def demo(url: str, workers: int, verbose: bool, as_json: bool) -> None:
	"""The tour: sample documents, four workflows, agents, workers, live progress, status."""
	from dogansystem.terminal import demo as tour

	with errors(as_json):
		found = tour.run(url, workers, show.to_stderr if as_json else lambda text: print_lines([text]))
	if as_json:
		print_json(found)
	sys.exit(SUCCEEDED if found["all_succeeded"] else FAILED)


def _checked(path: Path) -> dict[str, Any]:
	result: dict[str, Any] = {"file": str(path), "valid": False, "workflow": None, "steps": 0, "errors": []}
	try:
		definition = files.definition(path)
	except DefinitionError as error:
		return result | {"errors": [{"path": each.path, "message": each.message} for each in error.problems]}
	except files.FileError as error:
		message = str(error).removeprefix(f"{path}: ")
		return result | {"errors": [{"path": "", "message": message}]}
	return result | {"valid": True, "workflow": definition.name, "steps": len(definition.steps)}


assert deciding and history and rehearsing  # which have declared commands of their own
shared.add_to(main, on_sandbox)
for _command in (*definitions.COMMANDS, ready.list_templates, ready.new, test, evaluate, tools, ui):
	main.add_command(_command)


@main.command()
@click.option(
	"--db", "url", default=DEFAULT_DATABASE, show_default=True, metavar="URL", help="A file or mariadb://…"
)
@click.option(
	"--workers",
	default=0,
	type=click.IntRange(0, 256),
	help="Worker processes of its own; 0: those of `serve`.",
)
@loads.load_options
def load(url: str, workers: int, **options: Any) -> None:
	"""Put a load on, measure it, and remove it: what the workers can do, for `compare`."""
	with errors(options["as_json"]), Sandbox(url) as site:
		loads.run(Orchestrator(site), options, loads.own_workers(site, url, workers))


@main.command()
@click.argument("path", type=file_type, metavar="FILE")
@simulation.simulation_options
@click.option(
	"--db", "url", metavar="URL", help="Take times, failures and agents from the samples of this sandbox."
)
@click.option(
	"--sandbox", is_flag=True, help="Workers as `dogansystem serve` has them; else those of a bench."
)
@json_option
def simulate(path: Path, url: str | None, as_json: bool, **asked: Any) -> None:
	"""Simulate a workflow under a load: throughput, waits, cost for each number of nodes and workers."""
	with errors(as_json):
		definition, measured = files.definition(path), None
		if url:
			with Sandbox(existing(url)) as site:
				measured = read(site.database, definition.name, site.now())
		question = Question(**asked)
		found = answer(question, definition, measured)
	print_json(found) if as_json else print_lines(simulation.lines(question, found))
