"""`drain`: emptying a node, and waiting until it is."""

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
	@click.option("--undo", is_flag=True, help="Let the node's workers work again.")
	@click.option("--no-wait", is_flag=True, help="Tell the workers to leave, and do not wait.")
	@click.option(
		"--timeout", type=float, default=1860.0, show_default=True,
		help="Seconds to wait until the node is empty: longer than the longest step.",
	)  # fmt: skip
	@json_option
	@where
	def command(opened: Opened, node: str, undo: bool, no_wait: bool, timeout: float, as_json: bool) -> None:
		"""Empty NODE before it leaves: its workers finish the step in hand, give back the rest, and stay away."""
		with opened() as orchestrator:
			database = orchestrator.site.database
			found: Left = orchestrator.undrain_node(node) if undo else orchestrator.drain_node(node)
			database.commit()

			def read() -> Left:
				database.rollback()  # what was read before is what was true then
				return orchestrator.what_is_left(node)

			say = (lambda text: None) if as_json else click.echo
			found = follow(found, read, say, undo=undo, timeout=0.0 if no_wait else timeout)
		if as_json:
			print_json(found)
		if not (undo or no_wait or found["empty"]):
			sys.exit(NO_START)

	return command


def follow(
	found: Left, read: Callable[[], Left], say: Callable[[str], Any], *, undo: bool, timeout: float
) -> Left:
	"""Wait until a node is empty, at most `timeout` seconds, and say how it goes; gives what is left then."""
	node = found["node"]
	if undo:
		say(f"{node}: works again")
		return found
	until = time.monotonic() + timeout
	told_at = float("-inf")
	while not found["empty"] and time.monotonic() < until:
		if time.monotonic() - told_at > TELL_INTERVAL:
			told_at = time.monotonic()
			say(_words(found))
		time.sleep(LOOK_INTERVAL)
		found = read()
	say(f"{node}: drained, it may go" if found["empty"] else _words(found))
	return found


def _words(found: Left) -> str:
	return f"{found['node']}: draining, {found['workers']} workers have not left, {found['busy']} of them have a step in hand"
