"""Simulations on the command line, of the sandbox and of a bench: the options, and the table."""

from collections.abc import Mapping, Sequence
from typing import Any

import click

from dogansystem.scaling.report import seconds
from dogansystem.scaling.simulation.question import Question
from dogansystem.terminal.shell import with_options

simulation_options = with_options(
	click.option("--workers", default="10", show_default=True, metavar="N,…", help="Workers of each node."),
	click.option("--nodes", default="1", show_default=True, metavar="N,…", help="Nodes."),
	click.option(
		"--arrivals",
		metavar="RATE",
		help="Runs that start: 50/s, 100/h by chance, `regular 50/s` on the clock, or `samples`: as often as was measured.",
	),
	click.option("--for", "lasting", default="10m", show_default=True, help="How long is simulated."),
	click.option(
		"--service",
		multiple=True,
		metavar="[STEP=]TIME",
		help="What an attempt takes: `wait 100ms`, `cpu 20ms`, both with a plus between. Also `exponential 100ms`,"
		" `uniform 50ms-150ms`, `lognormal 100ms cv 1.5`. May be repeated, for single steps.",
	),
	click.option("--items", multiple=True, metavar="STEP=N", help="How many items a for_each step has."),
	click.option("--failing", multiple=True, metavar="STEP=SHARE", help="Attempts that fail: mail=5%."),
	click.option(
		"--skipped", multiple=True, metavar="STEP=SHARE", help="Steps whose `if` is false: mail=30%."
	),
	click.option(
		"--agent",
		"agents",
		multiple=True,
		metavar="NAME=N",
		help="How many steps an agent takes at a time, and what it can do: `Desk=3 email,invoices`.",
	),
	click.option("--backlog", default=0, show_default=True, help="Runs that wait at the beginning."),
	click.option(
		"--cores", default=0, help="Processor cores of each node; as many as are wanted unless given."
	),
	click.option("--database", metavar="RATE", help="Commits that the database can do; 2500/s unless given."),
	click.option("--failures", metavar="WORDS", help="Nodes that die: `node every 1h down 5m`."),
	click.option("--price", metavar="PRICE", help="What a node costs: 0.10/h or 70/month."),
	click.option("--seed", default=1, show_default=True, help="Another seed, another rush hour."),
)


def lines(question: Question, answer: Mapping[str, Any]) -> list[str]:
	"""The answer as lines of text."""
	load = question.arrivals or ("as often as measured" if not question.backlog else "nothing more")
	return [
		f"{answer['workflow']}: {load}, for {question.lasting}, seed {question.seed}",
		f"Times: {answer['times']}",
		"",
		*table(answer["configurations"]),
	]


def table(results: Sequence[Mapping[str, Any]]) -> list[str]:
	"""The figures of all configurations, a line for each. Columns that say nothing are left out."""
	titles = ("nodes", "workers", "runs/s", "steps/s", "busy", "database", "cpu", "wait p50", "p95", "p99", "run p50",
		"p95", "p99", "spread", "lost", "per hour", "per 1,000 steps", "")  # fmt: skip
	rows = [_row(each) for each in results]
	shown = [number for number, title in enumerate(titles) if not title or any(row[number] for row in rows)]
	lines = [[titles[number] for number in shown], *([row[number] for number in shown] for row in rows)]
	widths = [max(len(line[column]) for line in lines) for column in range(len(shown))]
	return [
		"  ".join(cell.rjust(width) for cell, width in zip(line[:-1], widths, strict=False))
		+ f"  {line[-1]}".rstrip()
		for line in lines
	]


def _row(found: Mapping[str, Any]) -> tuple[str, ...]:
	return (
		str(found["nodes"]),
		str(found["workers"]),
		_rate(found["runs"]),
		_rate(found["steps"]),
		_written(found["busy"], ".0%"),
		_written(found["database"], ".0%"),
		_written(found["cpu"], ".0%"),
		*_times(found["wait"]),
		*_times(found["run"]),
		_written(found["spread"], ".0%"),
		str(found["lost"] or ""),
		_written(found["cost_per_hour"], ".2f"),
		_written(found["cost_per_1000_steps"], ".5f"),
		"keeps up" if found["keeps_up"] else f"falls behind: {found['backlog']:,} wait",
	)


def _written(value: float | None, form: str) -> str:
	return "" if value is None else format(value, form)


def _times(quantiles: Mapping[str, float | None]) -> tuple[str, ...]:
	return tuple("-" if each is None else seconds(each) for each in quantiles.values())


def _rate(value: float) -> str:
	return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
