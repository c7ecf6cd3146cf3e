"""What every command of the sandbox needs: exit codes, errors as messages, JSON, log lines."""

import json
import logging
import os
import sqlite3
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import wraps
from io import TextIOWrapper
from typing import Any, NoReturn, TypeVar

import click

from dogansystem.engine.errors import DefinitionError, DoganError, InputError
from dogansystem.homes.databases.address import AddressError, SQLiteFile, parse_address
from dogansystem.homes.sandbox import Sandbox
from dogansystem.homes.sandbox.errors import PermissionError, ValidationError
from dogansystem.orchestrator import Orchestrator
from dogansystem.proving.course import PATIENCE as PATIENCE
from dogansystem.terminal import files
from dogansystem.terminal.advice import refused

SUCCEEDED, FAILED, INVALID, NO_START, WAITS, INTERRUPTED = 0, 1, 2, 3, 4, 130
DEFAULT_DATABASE = "dogansystem.db"  # in the current folder: what `demo` leaves and `status` looks at

LOGGER = "dogansystem"
LOG_FORMAT = "%(asctime)s %(levelname)s %(message)s"  # the message is `event key=value …`

Command = TypeVar("Command", bound=Callable[..., Any])
# Opens the site that a command is about, for as long as a block lasts.
Opened = Callable[[], AbstractContextManager[Orchestrator]]
# Lets a command be told which site that is: the sandbox's commands and those of a bench are alike but for this.
Where = Callable[[Callable[..., None]], Callable[..., None]]


class Group(click.Group):
	"""A command with subcommands that also tells wrong usage as JSON, and ends quietly when nobody reads its output."""

	def main(  # type: ignore[override]
		self, args: Sequence[str] | None = None, standalone_mode: bool = True, **extra: Any
	) -> Any:
		"""Run a subcommand; unless `standalone_mode`, leave exceptions to the caller."""
		if not standalone_mode:
			return super().main(args, standalone_mode=False, **extra)
		is_json = "--json" in (sys.argv[1:] if args is None else args)
		for stream in (sys.stdout, sys.stderr):
			if isinstance(stream, TextIOWrapper):
				stream.reconfigure(errors="backslashreplace")  # the terminal's encoding may lack characters
		try:
			try:
				super().main(args, standalone_mode=False, **extra)
			except click.UsageError as error:
				if is_json:
					fail(INVALID, error.format_message(), True)
				error.show()
				sys.exit(INVALID)
			finally:
				sys.stdout.flush()
		except click.Abort:
			sys.exit(INTERRUPTED)
		except OSError as error:
			_nobody_reads(error)


def _nobody_reads(error: OSError) -> NoReturn:
	"""The output cannot be written: say so, and let what is still in the buffer go nowhere."""
	os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
	if not isinstance(error, BrokenPipeError):
		click.echo(f"The output cannot be written: {error.strerror}.", err=True)
	sys.exit(NO_START)


def with_options(*options: Callable[[Any], Any]) -> Callable[[Command], Command]:
	"""Several options as one decorator, in the order in which the help shows them."""

	def decorate(command: Command) -> Command:
		for option in reversed(options):
			command = option(command)
		return command

	return decorate


json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")


def verbose_option(command: Command) -> Command:
	"""Give a command the option `--verbose`, which it need not know of."""

	def switch(context: click.Context, option: click.Parameter, verbose: bool) -> bool:
		log_to_stderr(verbose, shows_progress=True)
		return verbose

	text = "Tell on standard error what workers do, a line for each event."
	return click.option("--verbose", is_flag=True, callback=switch, help=text)(command)


def log_to_stderr(verbose: bool, *, shows_progress: bool = False) -> None:
	"""Write log lines to standard error: `time level event key=value …`; without `verbose` only what went wrong.

	`shows_progress`: the command prints runs and steps by itself, so that their events are for `verbose` alone.
	"""
	logger = logging.getLogger(LOGGER)
	handler = logging.StreamHandler()
	handler.setFormatter(logging.Formatter(LOG_FORMAT))
	if shows_progress and not verbose:
		handler.addFilter(lambda record: not getattr(record, "event", "").startswith(("run.", "step.")))
	logger.handlers[:] = [handler]
	logger.setLevel(logging.DEBUG if verbose else logging.WARNING)  # steps are DEBUG
	logger.propagate = False


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

	@click.option(
		"--db", "url", metavar="URL", help=f"A file or mariadb://…; by default {DEFAULT_DATABASE} here."
	)
	@wraps(command)
	def told(url: str | None, **options: Any) -> None:
		command(lambda: _opened(url, options["as_json"]), **options)

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
	except (files.FileError, InputError, ValidationError, PermissionError) as error:
		fail(INVALID, str(error), as_json)
	except DoganError as error:
		fail(NO_START, str(error), as_json)
	except _database_errors() as error:
		fail(NO_START, f"The database answers: {error.args[-1]}", as_json)
	except OSError as error:
		if error.filename is None:
			raise  # of the output
		fail(NO_START, f"{error.filename}: {error.strerror}", as_json)


def _database_errors() -> tuple[type[Exception], ...]:
	pymysql = sys.modules.get("pymysql")  # which a file needs not
	return (sqlite3.Error, pymysql.err.Error) if pymysql else (sqlite3.Error,)


def fail(code: int, message: str, as_json: bool, problems: list[dict[str, str]] | None = None) -> NoReturn:
	"""Say what is wrong, and leave."""
	if as_json:
		print_json({"error": message, "problems": problems or []})
	else:
		click.echo(shown(message), err=True)
	sys.exit(code)


def print_json(value: Any, indent: int | None = 2) -> None:
	"""Print one JSON value."""
	is_unicode = "utf" in (sys.stdout.encoding or "").lower()
	text = json.dumps(value, ensure_ascii=not is_unicode, indent=indent, default=str)
	click.echo(text.translate(_CONTROL_IN_JSON))


def print_lines(lines: list[str]) -> None:
	"""Print text for people."""
	click.echo("\n".join(map(shown, lines)))


def shown(text: str) -> str:
	"""Text with its control characters written out, line ends apart: they would steer the terminal."""
	return text.translate(_CONTROL)


_CODES = [*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
_CONTROL = {code: repr(chr(code))[1:-1] for code in _CODES if chr(code) not in "\n\t"}
_CONTROL_IN_JSON = {code: f"\\u{code:04x}" for code in _CODES if code >= 0x7F}  # json writes out the others
