"""What every command needs: the site's front door, exit codes, and what they all can be told."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import click
import frappe
from frappe.commands import get_site, pass_context

from dogansystem.engine import errors

FAILED, NOT_VALID, NOT_DONE = 1, 2, 3
_NOT_VALID = (errors.DefinitionError, errors.InputError)


def json_option(command: Callable[..., Any]) -> Callable[..., Any]:
	return click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")(command)


def user_option(command: Callable[..., Any]) -> Callable[..., Any]:
	return click.option(
		"--user", default="Administrator", show_default=True, help="Who asks; their permissions count."
	)(command)


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
		from dogansystem.orchestrator import Orchestrator
		from dogansystem.sites.frappe_site import current_site

		frappe.set_user(user)
		yield Orchestrator(current_site())
	except _NOT_VALID as error:
		click.echo(str(error), err=True)
		sys.exit(NOT_VALID)
	except (errors.DoganError, frappe.ValidationError, frappe.PermissionError) as error:
		click.echo(frappe.utils.strip_html(str(error)), err=True)
		sys.exit(NOT_DONE)
	finally:
		frappe.destroy()


def print_json(data: Any) -> None:
	click.echo(json.dumps(data, indent=1, ensure_ascii=False, default=str))
