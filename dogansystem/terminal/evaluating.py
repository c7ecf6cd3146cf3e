"""`dogansystem eval`: how well an AI agent does what its step asks, with a real model, and beside another one."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn

import click

from dogansystem.agents.ai import prices
from dogansystem.engine.definition import Definition
from dogansystem.engine.errors import InputError
from dogansystem.orchestrator import Orchestrator
from dogansystem.protocol import Site
from dogansystem.proving.evals import reading
from dogansystem.proving.evals.asking import Asker
from dogansystem.proving.evals.evaluating import Evaluation, Variant, model_named
from dogansystem.proving.evals.figures import Attempt
from dogansystem.proving.evals.reading import EvalFile
from dogansystem.store import models
from dogansystem.terminal import beside, files, playing, trying
from dogansystem.terminal.run import register_agents
from dogansystem.terminal.shell import (
	FAILED,
	SUCCEEDED,
	errors,
	json_option,
	print_json,
	print_lines,
	shown,
	verbose_option,
	with_options,
)

MAX_COST = "1"  # in the currency of the models' prices: what an eval may cost if nobody says more
THEIR_OWN = "as it is"  # what a variant is called that changes nothing

eval_options = with_options(
	click.option(
		"--model", "named", multiple=True, metavar="NAME", help="The Dogan Model to ask; by default the agent's own. A second one is compared with it."
	),
	click.option("--instructions", metavar="FILE", help="Other instructions, a text file, to compare with those of the agent."),
	click.option("--repeat", default=1, show_default=True, type=click.IntRange(1, 100), help="How often each case is tried."),
	click.option("--max-cost", default=MAX_COST, show_default=True, help="What all requests together may cost."),
	click.option("--judge", metavar="NAME", help="The Dogan Model that judges by rubrics; by default the one that the file names."),
	click.option(
		"--at-least", default=100.0, show_default=True, type=click.FloatRange(0, 100), help="The percentage that has to pass, of each model."
	),
)  # fmt: skip


@click.command("eval")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@eval_options
@click.option(
	"--documents",
	type=click.Path(path_type=Path),
	multiple=True,
	help="Documents to load first, as JSON lines, such as the models. May be repeated.",
)
@click.option(
	"--db", "url", metavar="URL", help="A file or mariadb://… that has them; by default a temporary file."
)
@click.option("--allow-private-network", is_flag=True, help="Let models at private addresses be asked.")
@verbose_option
@json_option
def evaluate(
	file: Path,
	documents: tuple[Path, ...],
	url: str | None,
	allow_private_network: bool,
	verbose: bool,
	as_json: bool,
	**asked: Any,
) -> None:
	"""Ask a model about each case of FILE, a *.eval.yaml, and hold its answers against what is expected. Each case is a dry run:
	nothing is changed. Exit code 1 if fewer pass than --at-least says."""
	with errors(as_json):
		found = read(file)
		loaded = [each for path in documents for each in files.documents(path)]
	with errors(as_json), trying.opened(url, dry_run=True) as site:
		if allow_private_network:
			site.set_settings(allow_private_network=1)
		site.load_documents(loaded)
		agents = missing(site, file, found.definition)
		site.load_documents(agents)
		register_agents(Orchestrator(site), found.definition)
		site.database.commit()
		report = run(site, found, [], as_json=as_json, **asked)
	end(report, asked["at_least"], as_json)


def read(path: Path) -> EvalFile:
	"""The cases of a file. Raises FileError, DefinitionError."""

	def definition_of(name: str) -> Definition:
		return playing.definition_in(path.parent / name)

	return reading.read(files.read_text(path), str(path), definition_of)


def missing(
	site: Site, path: Path, definition: Definition, acts: Callable[[str], str] = lambda user: user
) -> list[dict[str, Any]]:
	"""The agents beside a file of cases that a site does not have."""
	definitions = [definition, *playing.others_of(path, definition)]
	return beside.missing_agents(site, path.parent, definitions, acts)


def run(
	site: Site,
	file: EvalFile,
	agents: Sequence[Mapping[str, Any]],
	*,
	named: Sequence[str],
	instructions: str | None,
	repeat: int,
	max_cost: str,
	judge: str | None,
	as_json: bool,
	**_: Any,
) -> dict[str, Any]:
	"""The report of an eval. Raises InputError, NotFound, FileError."""
	judged = judge or file.judge
	evaluation = Evaluation(
		site,
		file,
		Asker(site, prices.amount(max_cost, "--max-cost")),
		model_named(site, judged) if judged else None,
		agents,
	)
	variants = _variants(site, file, agents, named, instructions)
	return evaluation.run(variants, repeat, _silent if as_json else _tell)


def _variants(
	site: Site,
	file: EvalFile,
	agents: Sequence[Mapping[str, Any]],
	named: Sequence[str],
	instructions: str | None,
) -> list[Variant]:
	if len(set(named)) != len(named) or len(named) > 2 or (len(named) == 2 and instructions):
		raise InputError(
			"Compare two things: two different models (--model twice), or --instructions with those of the agent."
		)
	own = next((each["model"] for each in agents if each["name"] == file.agent), "")
	models_of = [*named] or [own or str(models.agent(site.database, file.agent)["model"])]
	for name in models_of:
		model_named(site, name)
	if not instructions:
		return [Variant(name, name) for name in models_of]
	text = files.read_text(Path(instructions))
	return [Variant(THEIR_OWN, models_of[0]), Variant(Path(instructions).name, models_of[0], text)]


def _silent(variant: Variant, attempt: Attempt) -> None:
	"""Say nothing on the way."""


def _tell(variant: Variant, attempt: Attempt) -> None:
	lines = [
		f"  {'ok  ' if attempt.passed else 'FAIL'}  {attempt.case}  ({variant.name}, {attempt.used.seconds:.1f} s)"
	]
	print_lines([*lines, *(f"          {shown(each)}" for each in attempt.reasons)])


def end(report: Mapping[str, Any], at_least: float, as_json: bool) -> NoReturn:
	"""Print a report and leave: with 1 if too few have passed, or not all was tried."""
	print_json(report) if as_json else print_lines([*lines(report)])
	is_enough = all(each["attempts"] and 100 * each["pass_rate"] >= at_least for each in report["variants"])
	sys.exit(SUCCEEDED if is_enough and not report["left_out"] else FAILED)


def lines(report: Mapping[str, Any]) -> Iterator[str]:
	"""A report, a line for each thing."""
	times = "" if report["repeat"] == 1 else f", {report['repeat']} times each"
	yield f"{report['agent']}, step {report['step']} of {report['workflow']}{times}. Nothing was changed."
	for each in report["variants"]:
		yield f"{each['name']}: {_figures(each)}"
		yield from (
			f"  {one['case']}: {one['passed']} of {one['of']}"
			for one in each["cases"]
			if one["passed"] < one["of"]
		)
	for each in report.get("differing", ()):
		names = [one["name"] for one in report["variants"]]
		counts = (
			f"{passed} of {of} with {name}"
			for name, passed, of in zip(names, each["passed"], each["of"], strict=True)
		)
		yield f"  differs: {each['case']}: {', '.join(counts)}"
	if "differing" in report and not report["differing"]:
		yield "  no case differs"
	if report["left_out"]:
		yield f"{report['left_out']} were not tried. {report['stopped']}"


def _figures(each: Mapping[str, Any]) -> str:
	if not each["attempts"]:
		return "nothing was tried"
	judged = f" and {each['cost_of_judge']} for the judge" if Decimal(each["cost_of_judge"]) else ""
	told = [
		f"{each['passed']} of {each['attempts']} passed ({100 * each['pass_rate']:.1f} %)",
		f"cost {each['cost']}{judged}",
		f"{each['tokens']['in']:,} tokens in, {each['tokens']['out']:,} out",
	]
	if each["latency"]["p50"] is not None:
		told.append(f"{each['latency']['p50']:.2f} s (p50), {each['latency']['p95']:.2f} s (p95)")
	return ", ".join(told)
