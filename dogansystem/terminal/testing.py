"""`dogansystem test`: play the files of tests, and say what differs."""

import json
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

import click

from dogansystem.actions import registry
from dogansystem.engine.definition import Definition
from dogansystem.proving.cases import Case
from dogansystem.proving.reached import not_reached
from dogansystem.terminal import playing
from dogansystem.terminal.files import FileError
from dogansystem.terminal.playing import Played
from dogansystem.terminal.shell import (
	FAILED,
	SUCCEEDED,
	errors,
	json_option,
	print_json,
	print_lines,
	verbose_option,
)

LEFT_ALONE = frozenset({"node_modules", "build", "dist", "__pycache__"})  # folders nobody keeps tests in


@click.command("test")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATH…]")
@click.option("--cover", is_flag=True, help="Name the steps and branches that no test has reached.")
@verbose_option
@json_option
def test(paths: tuple[Path, ...], cover: bool, verbose: bool, as_json: bool) -> None:
	"""Play the tests of workflows: files named *.test.yaml, or all in a folder; without PATH all below this one."""
	with errors(as_json):
		read = [(path, *playing.read(path)) for path in found_in(paths or (Path(),))]
	play_all(read, cover, as_json, _in_sandbox)


def _in_sandbox(path: Path, definition: Definition, case: Case) -> Played:
	return playing.play(path, definition, case, playing.others_of(path, definition))


def play_all(
	read: Sequence[tuple[Path, Definition, Sequence[Case]]],
	cover: bool,
	as_json: bool,
	play: Callable[[Path, Definition, Case], Played],
) -> NoReturn:
	"""Play tests, print what came of them, and leave: with 1 if one has failed."""
	played: list[Played] = []
	for path, definition, cases in read:
		if not as_json:
			print_lines([str(path)])
		for case in cases:
			played.append(play(path, definition, case))
			if not as_json:
				print_lines(_lines(played[-1]))
	missed = _missed(played) if cover else None
	print_json(_as_json(played, missed)) if as_json else print_lines(_summary(played, missed))
	sys.exit(SUCCEEDED if all(each.passed for each in played) else FAILED)


def found_in(paths: Sequence[Path]) -> list[Path]:
	"""The files of tests that these paths mean, each once. Raises FileError where there is none."""
	found: dict[Path, None] = {}
	for path in paths:
		before = len(found)
		found |= dict.fromkeys(sorted(_below(path)) if path.is_dir() else [_beside(path)])
		if path.is_dir() and len(found) == before:
			raise FileError(
				f"{path}: has no tests. They are files named *.test.yaml; `dogansystem new` writes one."
			)
	return list(found)


def _below(folder: Path) -> Iterator[Path]:
	for path in folder.iterdir():
		if path.is_dir() and not path.is_symlink():
			if not path.name.startswith(".") and path.name not in LEFT_ALONE:
				yield from _below(path)
		elif playing.is_test(path):
			yield path


def _beside(path: Path) -> Path:
	"""The tests of a definition stand beside it."""
	test = path.with_name(f"{path.stem}.test.yaml")
	return path if playing.is_test(path) or not test.exists() else test


def _lines(played: Played) -> list[str]:
	lines = [f"  {'ok  ' if played.passed else 'FAIL'}  {played.case.name}"]
	for each in played.differs:
		lines += [f"        {each.place}", f"          expected: {_short(each.expected)}", f"          found:    {_short(each.found)}"]  # fmt: skip
	if played.differs and (error := played.run.get("error")):
		lines.append(f"        error of the run: {error}")
	return lines


def _short(value: Any) -> str:
	return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _missed(played: Iterable[Played]) -> dict[str, list[str]]:
	"""What no test of a workflow has reached, by its name."""
	branches = registry.branches(registry.core_actions())
	runs: dict[str, list[Any]] = defaultdict(list)
	definitions: dict[str, Definition] = {}
	for each in played:
		definitions[each.definition.name] = each.definition
		runs[each.definition.name].append(each.run)
	return {
		name: not_reached(
			definition, {step.id: branches(step.action, step.params) for step in definition.steps}, runs[name]
		)
		for name, definition in definitions.items()
	}


def _summary(played: Sequence[Played], missed: dict[str, list[str]] | None) -> list[str]:
	failed = sum(not each.passed for each in played)
	lines = [f"{len(played) - failed} passed" + (f", {failed} failed" if failed else "")]
	for name, places in (missed or {}).items():
		what = f"no test reaches {', '.join(places)}" if places else "the tests reach every step and branch"
		lines.append(f"{name}: {what}")
	return lines


def _as_json(played: Sequence[Played], missed: dict[str, list[str]] | None) -> dict[str, Any]:
	tests = [
		{
			"file": str(each.file),
			"workflow": each.definition.name,
			"name": each.case.name,
			"passed": each.passed,
			"seconds": round(each.seconds, 3),
			"differences": [one.as_json() for one in each.differs],
			"run": each.run,
		}
		for each in played
	]
	failed = sum(not each.passed for each in played)
	found: dict[str, Any] = {"tests": tests, "passed": len(played) - failed, "failed": failed}
	return found if missed is None else found | {"not_reached": missed}
