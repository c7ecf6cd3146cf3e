"""The two command lines, as click knows them."""

import sys
from collections.abc import Iterator
from types import ModuleType
from unittest.mock import patch

import click

from generator.markdown import code, sections, table

_KINDS = {"integer range": "NUMBER", "path": "FILE"}


def sandbox() -> str:
	"""The commands of `dogansystem`."""
	from dogansystem import cli

	return sections(*_commands(cli.main, "dogansystem"))


def bench() -> str:
	"""The commands of `bench --site SITE dogansystem`."""
	return sections(*_commands(_bench_commands(), "bench --site SITE dogansystem"))


def _bench_commands() -> click.Group:
	"""The group that bench finds. Its module imports frappe, which it needs to run and not to be described."""
	frappe = ModuleType("frappe.commands")
	frappe.__dict__.update(get_site=None, pass_context=lambda command: command, commands=frappe)
	with patch.dict(sys.modules, {"frappe": frappe, "frappe.commands": frappe}):
		from dogansystem import commands

	return commands.dogansystem


def _commands(group: click.Group, words: str) -> Iterator[str]:
	for name, command in sorted(group.commands.items()):
		usage = " ".join([words, name, *_arguments(command)])
		rows = [
			_option(each) for each in command.params if isinstance(each, click.Option) and not each.hidden
		]
		yield f"## {words.split()[0]} … {name}" if " " in words else f"## {words} {name}"
		yield code(usage)
		yield click.formatting.wrap_text(command.help or "", width=2000)
		yield table(("option", "default", "meaning"), rows) if rows else ""


def _arguments(command: click.Command) -> list[str]:
	found = ["[OPTIONS]"] if any(isinstance(each, click.Option) for each in command.params) else []
	for each in command.params:
		if isinstance(each, click.Argument):
			name = (each.metavar or each.name or "").upper().rstrip("…")
			found.append(f"{name}…" if each.nargs == -1 else name)
	return found


def _option(option: click.Option) -> tuple[str, str, str]:
	names = " / ".join(f"--{each.lstrip('-')}" for each in (*option.opts, *option.secondary_opts))
	value = (
		""
		if option.is_flag
		else f" {option.metavar or _KINDS.get(option.type.name, option.type.name.upper())}"
	)
	default = option.default if option.show_default and not callable(option.default) else None
	return code(names + value), code(default) if default is not None else "", option.help or ""
