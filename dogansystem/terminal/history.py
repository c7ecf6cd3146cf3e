"""The command `versions`, on a sandbox and on a bench: what a workflow was, what has changed, and an old version made anew."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import click

from dogansystem.people.settling import in_transaction
from dogansystem.terminal.shared import command
from dogansystem.terminal.shell import Opened, json_option, print_json, print_lines


@command(
	"versions",
	click.argument("workflow"),
	click.option(
		"--compare",
		"pair",
		nargs=2,
		type=int,
		metavar="OLD NEW",
		help="In what version NEW differs from version OLD.",
	),
	click.option(
		"--restore", type=int, metavar="NUMBER", help="Make a new version that is equal to this one."
	),
	click.option("--why", default="", metavar="TEXT", help="Why it is restored; kept with the new version."),
	json_option,
)
def _versions(
	opened: Opened, workflow: str, pair: tuple[int, int] | None, restore: int | None, why: str, as_json: bool
) -> None:
	"""Show the versions of WORKFLOW, with who made them, when and why; compare two of them, or restore one."""
	with opened() as orchestrator:
		if pair:
			found: Any = orchestrator.compare_versions(workflow, *pair)
			lines = _differences(found)
		elif restore is not None:
			found = in_transaction(
				orchestrator.site, partial(orchestrator.restore_version, workflow, restore, why)
			)
			lines = [f"Version {restore} of {workflow} was restored: it is version {found['version']} now."]
		else:
			found = {"versions": orchestrator.list_versions(workflow)}
			lines = [_line(each) for each in found["versions"]]
	print_json(found) if as_json else print_lines(lines)


def _line(each: Mapping[str, Any]) -> str:
	current = "*" if each["is_current"] else " "
	note = f"  {each['note']}" if each["note"] else ""
	return f"{current} {each['version']:>4}  {each['at']}  {each['by']}{note}"


def _differences(found: Mapping[str, Any]) -> list[str]:
	words = [each["sentence"] for each in found["changes"]] or ["Both versions are the same."]
	return [*words, *(["", *found["yaml"].splitlines()] if found["yaml"] else [])]
