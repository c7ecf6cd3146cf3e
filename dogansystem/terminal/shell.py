"""What every command of the sandbox needs: exit codes, errors as messages, JSON."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import wraps
from typing import Any, NoReturn, TypeVar

import click

from dogansystem.engine.errors import DefinitionError, DoganError, InputError
from dogansystem.homes.databases.address import AddressError, SQLiteFile, parse_address
from dogansystem.homes.sandbox import Sandbox
from dogansystem.orchestrator import Orchestrator
from dogansystem.terminal import files
from dogansystem.terminal.advice import refused

SUCCEEDED, FAILED, INVALID, NO_START = 0, 1, 2, 3
DEFAULT_DATABASE = "dogansystem.db"  # in the current folder: what `demo` leaves and `status` looks at

Command = TypeVar("Command", bound=Callable[..., Any])
# Opens the site that a command is about, for as long as a block lasts.
Opened = Callable[[], AbstractContextManager[Orchestrator]]
# Lets a command be told which site that is: the sandbox's commands and those of a bench are alike but for this.
Where = Callable[[Callable[..., None]], Callable[..., None]]


def json_option(command: Command) -> Command:
	"""Give a command the option `--json`."""
	option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
	return option(command)


def database_option(command: Command) -> Command:
	"""Give a command that looks at a sandbox the option `--db`."""
	text = f"A file or mariadb://…; by default {DEFAULT_DATABASE} here."
	return click.option("--db", "url", metavar="URL", help=text)(command)


def existing(url: str | None) -> str:
	"""The sandbox that is meant. Raises AddressError if it is a file that is not there."""
	chosen = url or DEFAULT_DATABASE
	address = parse_address(chosen)
	if isinstance(address, SQLiteFile) and not address.path.exists():
		raise AddressError(
			f"There is no sandbox at {address}. Run `dogansystem demo`, or name one with --db."
		)
	return chosen


def on_sandbox(command: Callable[..., None]) -> Callable[..., None]:
	"""A `Where`: the command is told by `--db` which sandbox it is about."""

	@database_option
	@wraps(command)
	def told(url: str | None, **options: Any) -> None:
		command(lambda: _opened(url, bool(options.get("as_json"))), **options)

	return told


@contextmanager
def _opened(url: str | None, as_json: bool) -> Iterator[Orchestrator]:
	with errors(as_json), refused(), Sandbox(existing(url)) as site:
		yield Orchestrator(site)


@contextmanager
def errors(as_json: bool) -> Iterator[None]:
	"""Turn what went wrong into a message and the exit code that says of which kind it was."""
	try:
		yield
	except DefinitionError as error:
		problems = [{"path": each.path, "message": each.message} for each in error.problems]
		fail(INVALID, str(error), as_json, problems)
	except (files.FileError, InputError) as error:
		fail(INVALID, str(error), as_json)
	except DoganError as error:
		fail(NO_START, str(error), as_json)


def fail(code: int, message: str, as_json: bool, problems: list[dict[str, str]] | None = None) -> NoReturn:
	"""Say what is wrong, and leave."""
	if as_json:
		print_json({"error": message, "problems": problems or []})
	else:
		click.echo(message, err=True)
	sys.exit(code)


def print_json(value: Any, indent: int | None = 2) -> None:
	"""Print one JSON value."""
	click.echo(json.dumps(value, ensure_ascii=False, indent=indent, default=str))
