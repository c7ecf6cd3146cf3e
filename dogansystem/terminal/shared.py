"""The commands that the sandbox and a bench have in common: declared once, each home opens its site around them."""

import json
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

import click

from dogansystem.engine.definitions.parameters import from_texts
from dogansystem.homes.sandbox import Sandbox
from dogansystem.orchestrator import Orchestrator
from dogansystem.scaling import advice, baseline, compare, summary
from dogansystem.terminal import files, status
from dogansystem.terminal.reports import form_options, minutes_option, show
from dogansystem.terminal.shell import (
	NO_START,
	Command,
	Opened,
	Where,
	json_option,
	print_json,
	print_lines,
	with_options,
)  # fmt: skip

WATCH_INTERVAL = 2.0  # seconds: as often as workers write down what they did
LOOK_INTERVAL = 0.5  # seconds between two looks whether a node is empty
TELL_INTERVAL = 10.0  # seconds between two lines about what is left

Left = Mapping[str, Any]
_declared: list[tuple[str, Callable[..., None], tuple[Callable[[Any], Any], ...]]] = []


def add_to(group: click.Group, where: Where) -> None:
	"""Give a home's group all commands; `where` lets each be told which site it is about."""
	for name, function, options in _declared:
		group.add_command(click.command(name)(with_options(*options)(where(function))))


def command(name: str, *options: Callable[[Any], Any]) -> Callable[[Command], Command]:
	def declare(function: Command) -> Command:
		_declared.append((name, function, options))
		return function

	return declare


@command(
	"status",
	click.option("--watch", is_flag=True, help="Show it again every two seconds until Ctrl-C."),
	json_option,
)
def _status(opened: Opened, watch: bool, as_json: bool) -> None:
	"""Show agents, workflows, runs, steps, the queue, the workers and nodes, and what got done lately."""
	with opened() as orchestrator:
		if watch:
			_show_again(orchestrator, as_json)
			return
		found = _read_status(orchestrator)
	print_json(found) if as_json else print_lines(status.lines(found))


def _read_status(orchestrator: Orchestrator) -> dict[str, Any]:
	orchestrator.site.database.rollback()  # what was read before is what was true then
	return orchestrator.get_system_status()


def _show_again(orchestrator: Orchestrator, as_json: bool) -> None:
	"""Show the status every two seconds until Ctrl-C; as JSON one object to a line."""
	try:
		while True:
			found = _read_status(orchestrator)
			if as_json:
				click.echo(json.dumps(found, ensure_ascii=False, default=str))
			else:
				click.clear()
				print_lines([*status.lines(found), "", f"{found['time'][:19]}, Ctrl-C to stop"])
			time.sleep(WATCH_INTERVAL)
	except KeyboardInterrupt:
		click.echo(err=True)


set_option = click.option(
	"--set", "given_parameters", metavar="NAME=VALUE", multiple=True,
	help="Set a parameter: JSON, or else text. May be repeated.",
)  # fmt: skip


@command("parameters", click.argument("workflow"), set_option, json_option)
def _parameters(opened: Opened, workflow: str, given_parameters: tuple[str, ...], as_json: bool) -> None:
	"""Show the parameters of WORKFLOW and their values, or set some. `NAME=null` lets the default count again."""
	with opened() as orchestrator:
		if given_parameters:
			schemas = {each["name"]: each["schema"] for each in orchestrator.get_parameters(workflow)}
			orchestrator.set_parameters(workflow, from_texts(schemas, given_parameters))
			orchestrator.site.database.commit()
		found = orchestrator.get_parameters(workflow)
	print_json({"workflow": workflow, "parameters": found}) if as_json else print_lines(
		[_parameter(each) for each in found]
	)


def _parameter(each: Mapping[str, Any]) -> str:
	"""A parameter in a line: `limit = 5000 (Ask above this amount)`."""
	value = f" = {json.dumps(each['value'], ensure_ascii=False)}" if each["value"] is not None else ""
	problem = f": {each['problem']}" if each["problem"] else ""
	return f"{each['name']}{value} ({each['title']}{'' if each['is_set'] or not value else ', the default'}){problem}"


@command(
	"advise",
	click.option(
		"--target",
		type=click.Choice(["2x", "5x", "ha", "unlimited"]),
		help="What is wanted; left out: what was measured asks for.",
	),
	click.option("--seconds", default=3.0, show_default=True, help="How long to look first, up to 60."),
	json_option,
)
def _advise(opened: Opened, target: str | None, seconds: float, as_json: bool) -> None:
	"""Say what the bottleneck is, what to do for a target, how to set the database and Redis, and what steps cost."""
	with opened() as orchestrator:
		found = orchestrator.get_advice(target, seconds)
		if isinstance(orchestrator.site, Sandbox):
			for order in found["plan"]["commands"]:
				order["command"] = order["command"].replace("--db URL", f"--db {orchestrator.site.address}")
	show(found, advice.sections(found), as_json)


@command(
	"baseline",
	click.argument("name", required=False),
	click.option("--list", "listed", is_flag=True, help="Record nothing: show the baselines there are."),
	minutes_option,
	form_options,
)
def _baseline(opened: Opened, name: str | None, listed: bool, minutes: int, **form: bool) -> None:
	"""Record how the system does now, under NAME or the time, to compare with it after scaling."""
	with opened() as orchestrator:
		if listed:
			every = orchestrator.list_baselines()
			show(every, baseline.sections(every), **form)
			return
		found = orchestrator.record_baseline(name, minutes)
		orchestrator.site.database.commit()
		show(found, summary.sections(found), **form)


@command(
	"compare",
	click.argument("baseline", required=False),
	click.option("--with", "other", metavar="OTHER", help="Another baseline; left out: the last minutes."),
	minutes_option,
	form_options,
)
def _compare(opened: Opened, baseline: str | None, other: str | None, minutes: int, **form: bool) -> None:
	"""Say what was gained since BASELINE, by default the newest: capacity, spread over nodes, response times."""
	with opened() as orchestrator:
		found = orchestrator.compare(baseline, other, minutes)
		show(found, compare.sections(found), **form)


@command(
	"drain",
	click.argument("node"),
	click.option("--undo", is_flag=True, help="Let the node's workers work again: the same as `uncordon`."),
	click.option("--no-wait", is_flag=True, help="Do not wait until the node is empty: the same as `cordon`."),
	click.option(
		"--timeout", type=float, default=1860.0, show_default=True,
		help="Seconds to wait until the node is empty: longer than the longest step.",
	),
	json_option,
)  # fmt: skip
def _drain(opened: Opened, node: str, undo: bool, no_wait: bool, timeout: float, as_json: bool) -> None:
	"""Empty NODE before it leaves: its workers finish the step in hand, give back the rest, and stay away."""
	if undo:
		_uncordon(opened, node, as_json)
	elif not (_cordon(opened, node, as_json, 0.0 if no_wait else timeout)["empty"] or no_wait):
		sys.exit(NO_START)


@command("cordon", click.argument("node"), json_option)
def _cordon(opened: Opened, node: str, as_json: bool, timeout: float = 0.0) -> Left:
	"""Have NODE take no further work, and do not wait: its workers finish the step in hand."""
	with opened() as orchestrator:
		found: Left = orchestrator.cordon_node(node)
		orchestrator.site.database.commit()
		found = _follow(orchestrator, found, (lambda text: None) if as_json else click.echo, timeout)
	if as_json:
		print_json(found)
	return found


@command("uncordon", click.argument("node"), json_option)
def _uncordon(opened: Opened, node: str, as_json: bool) -> None:
	"""Let the workers of NODE work again."""
	with opened() as orchestrator:
		found = orchestrator.uncordon_node(node)
		orchestrator.site.database.commit()
	print_json(found) if as_json else click.echo(f"{node}: works again")


@command(
	"signal",
	click.argument("name"),
	click.option("--key", help="Which of the signals of that name."),
	click.option("--data", metavar="JSON", help="What goes with it, or @FILE."),
	click.option("--idempotency-key", help="A second signal with the same key is the first one."),
	json_option,
)
def _signal(
	opened: Opened,
	name: str,
	key: str | None,
	data: str | None,
	idempotency_key: str | None,
	as_json: bool,
) -> None:
	"""Send a signal to the runs that wait for NAME, and to the workflows that it starts."""
	with opened() as orchestrator:
		value = files.json_value(data, "--data") if data is not None else None
		sent = orchestrator.signal(name, key, value, idempotency_key=idempotency_key)
		orchestrator.site.database.commit()
	print_json({"signal": sent}) if as_json else click.echo(f"Signal {name} sent: {sent}")


def _follow(orchestrator: Orchestrator, found: Left, say: Callable[[str], Any], timeout: float) -> Left:
	"""Wait until a node is empty, at most `timeout` seconds, and say how it goes; gives what is left then."""
	until, told_at = time.monotonic() + timeout, float("-inf")
	while not found["empty"] and time.monotonic() < until:
		if time.monotonic() - told_at > TELL_INTERVAL:
			told_at = time.monotonic()
			say(_words(found))
		time.sleep(LOOK_INTERVAL)
		orchestrator.site.database.rollback()  # what was read before is what was true then
		found = orchestrator.what_is_left(found["node"])
	say(f"{found['node']}: drained, it may go" if found["empty"] else _words(found))
	return found


def _words(found: Left) -> str:
	return f"{found['node']}: cordoned, {found['workers']} workers have not left, {found['busy']} of them have a step in hand"
