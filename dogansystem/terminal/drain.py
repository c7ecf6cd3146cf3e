"""`cordon` and `uncordon` a node, and `drain`: cordon it and wait until it is empty."""

import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

import click

from dogansystem.terminal.shell import NO_START, Opened, Where, json_option, print_json

LOOK_INTERVAL = 0.5  # seconds
TELL_INTERVAL = 10.0  # seconds between two lines about what is left

Left = Mapping[str, Any]


def drain(where: Where) -> click.Command:
	"""The command."""

	@click.command("drain")
	@click.argument("node")
	@click.option("--undo", is_flag=True, help="Let the node's workers work again: the same as `uncordon`.")
	@click.option(
		"--no-wait", is_flag=True, help="Do not wait until the node is empty: the same as `cordon`."
	)
	@click.option(
		"--timeout", type=float, default=1860.0, show_default=True,
		help="Seconds to wait until the node is empty: longer than the longest step.",
	)  # fmt: skip
	@json_option
	@where
	def command(opened: Opened, node: str, undo: bool, no_wait: bool, timeout: float, as_json: bool) -> None:
		"""Empty NODE before it leaves: its workers finish the step in hand, give back the rest, and stay away."""
		if undo:
			_order(opened, node, as_json, is_cordoned=False)
			return
		found = _order(opened, node, as_json, timeout=0.0 if no_wait else timeout)
		if not (no_wait or found["empty"]):
			sys.exit(NO_START)

	return command


def cordon(where: Where) -> click.Command:
	"""The command."""

	@click.command("cordon")
	@click.argument("node")
	@json_option
	@where
	def command(opened: Opened, node: str, as_json: bool) -> None:
		"""Have NODE take no further work, and do not wait: its workers finish the step in hand."""
		_order(opened, node, as_json)

	return command


def uncordon(where: Where) -> click.Command:
	"""The command."""

	@click.command("uncordon")
	@click.argument("node")
	@json_option
	@where
	def command(opened: Opened, node: str, as_json: bool) -> None:
		"""Let the workers of NODE work again."""
		_order(opened, node, as_json, is_cordoned=False)

	return command


def _order(
	opened: Opened, node: str, as_json: bool, *, is_cordoned: bool = True, timeout: float = 0.0
) -> Left:
	"""Cordon a node or undo it, wait until it is empty, at most `timeout` seconds, and say how it goes."""
	with opened() as orchestrator:
		database = orchestrator.site.database
		found: Left = (orchestrator.cordon_node if is_cordoned else orchestrator.uncordon_node)(node)
		database.commit()

		def read() -> Left:
			database.rollback()  # what was read before is what was true then
			return orchestrator.what_is_left(node)

		say = (lambda text: None) if as_json else click.echo
		if is_cordoned:
			found = follow(found, read, say, timeout)
		else:
			say(f"{node}: works again")
	if as_json:
		print_json(found)
	return found


def follow(found: Left, read: Callable[[], Left], say: Callable[[str], Any], timeout: float) -> Left:
	"""Wait until a node is empty, at most `timeout` seconds, and say how it goes; gives what is left then."""
	until, told_at = time.monotonic() + timeout, float("-inf")
	while not found["empty"] and time.monotonic() < until:
		if time.monotonic() - told_at > TELL_INTERVAL:
			told_at = time.monotonic()
			say(_words(found))
		time.sleep(LOOK_INTERVAL)
		found = read()
	say(f"{found['node']}: drained, it may go" if found["empty"] else _words(found))
	return found


def _words(found: Left) -> str:
	return f"{found['node']}: cordoned, {found['workers']} workers have not left, {found['busy']} of them have a step in hand"
