"""The command `dogansystem ui`."""

import threading

import click

from dogansystem.homes.sandbox import Sandbox
from dogansystem.terminal.serve import serve
from dogansystem.terminal.shell import (
	DEFAULT_DATABASE,
	NO_START,
	errors,
	fail,
	json_option,
	print_json,
	print_lines,
)
from dogansystem.terminal.ui.calls import Calls
from dogansystem.terminal.ui.server import Server, is_built

NOT_BUILT = (
	"The page is not built in this copy of dogansystem. Wheels and source archives have it; in a checkout, script/ui builds"
	" it where Node is installed. The commands `run`, `serve`, `status` and `approvals` need no page."
)


@click.command("ui")
@click.option(
	"--db", "url", default=DEFAULT_DATABASE, show_default=True, metavar="URL", help="A file or mariadb://…"
)
@click.option("--port", default=8765, show_default=True, type=click.IntRange(0, 65535), help="0: a free one.")
@click.option(
	"--user", metavar="USER", help="Who acts and decides; left out: as whom to decide is asked each time."
)
@click.option(
	"--workers",
	default=2,
	show_default=True,
	type=click.IntRange(0, 64),
	help="0: the runs are left to `serve`.",
)
@json_option
def ui(url: str, port: int, user: str | None, workers: int, as_json: bool) -> None:
	"""Show the sandbox in a browser on this machine: the canvas, the runs, the approvals. Until Ctrl-C."""
	if not is_built():
		fail(NO_START, NOT_BUILT, as_json)

	def say(text: str) -> None:
		print_json({"message": text}, indent=None) if as_json else print_lines([text])

	with errors(as_json), Sandbox(url) as site:
		server = _server(port, Calls(site, user), as_json)
		threading.Thread(target=server.serve_forever, name="page", daemon=True).start()
		if as_json:
			print_json({"url": server.url}, indent=None)
		else:
			print_lines(
				[
					f"Open {server.url}",
					"Whoever has this address may do everything here: keep it to yourself.",
				]
			)
		try:
			serve(url, workers, say)
		finally:
			server.shutdown()
			server.server_close()


def _server(port: int, calls: Calls, as_json: bool) -> Server:
	try:
		return Server(port, calls)
	except OSError as error:
		fail(
			NO_START,
			f"Port {port} cannot be used: {error.strerror}. Name another one with --port, or 0 for a free one.",
			as_json,
		)
