"""What every command needs: the site's front door, exit codes, and what they all can be told."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import click
import frappe
from frappe.commands import get_site, pass_context

from dogansystem.engine import errors
from dogansystem.terminal.shell import FAILED as FAILED
from dogansystem.terminal.shell import INVALID as NOT_VALID
from dogansystem.terminal.shell import NO_START as NOT_DONE
from dogansystem.terminal.shell import json_option as json_option
from dogansystem.terminal.shell import print_json as print_json

user_option = click.option(
	"--user", default="Administrator", show_default=True, help="Who asks; their permissions count."
)


def path_of(text: str) -> str:
	"""A path as the person means it who wrote it: bench goes to the folder `sites` before it runs a command."""
	from_there = os.path.join(os.environ.get("PWD", ""), text)
	return from_there if os.path.exists(from_there) else text


def new_path(text: str) -> str:
	"""The same for what need not be there yet."""
	return os.path.join(os.environ.get("PWD", ""), text)


class FileGiven(click.Path):
	"""A file that is there, by a path from where the person stands."""

	def __init__(self, dir_okay: bool = False) -> None:
		super().__init__(exists=True, dir_okay=dir_okay)

	def convert(self, value: Any, param: Any, ctx: Any) -> Any:
		return super().convert(path_of(value), param, ctx)


class PathGiven(FileGiven):
	"""The same for a file or a folder."""

	def __init__(self) -> None:
		super().__init__(dir_okay=True)


def on_bench(command: Callable[..., None]) -> Callable[..., None]:
	"""A `terminal.shell.Where`: the command is about the site that `bench --site` names."""

	@pass_context
	@wraps(command)
	def told(context: Any, **options: Any) -> None:
		command(lambda: orchestrator_of(context), **options)

	return told


@contextmanager
def orchestrator_of(context: Any, user: str = "Administrator") -> Iterator[Any]:
	"""The site's front door, with `user` acting. What is wrong is printed, and the exit code says of which kind."""
	frappe.init(site=get_site(context))
	frappe.connect()
	try:
		from dogansystem.homes.frappe.site import current_site
		from dogansystem.orchestrator import Orchestrator
		from dogansystem.terminal.advice import refused

		with refused():
			frappe.set_user(user)
			yield Orchestrator(current_site())
	except (errors.DefinitionError, errors.InputError) as error:
		click.echo(str(error), err=True)
		sys.exit(NOT_VALID)
	except (errors.DoganError, frappe.ValidationError, frappe.PermissionError) as error:
		click.echo(frappe.utils.strip_html(str(error)), err=True)
		sys.exit(NOT_DONE)
	finally:
		frappe.destroy()
