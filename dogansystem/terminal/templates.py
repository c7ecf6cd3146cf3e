"""`dogansystem templates` and `dogansystem new`: workflows to start from, as files of one's own."""

import json
import re
import shlex
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import click
import yaml

from dogansystem.engine.definitions.parse import parse
from dogansystem.terminal.files import SCHEMA, FileError
from dogansystem.terminal.shell import errors, json_option, print_json, print_lines
from dogansystem.workflows import AGENT, DEFINITION, EVAL, INPUT, TEST, Template, template, templates

DEFAULT = "follow-up-quotations"
RUN_AS = "person@example.com"  # the sandbox lets anybody act
_NAME = re.compile(r"^name: .*$", re.MULTILINE)


@click.command("templates")
@json_option
def list_templates(as_json: bool) -> None:
	"""List the workflows that ship with the app, to start from with `new`."""
	if as_json:
		print_json({"templates": [_described(each) for each in templates()]})
	else:
		width = max(len(each.name) for each in templates())
		print_lines([f"{each.name:<{width}}  {each.title}" for each in templates()])


@click.command("new")
@click.argument("name")
@click.option("--template", "chosen", default=DEFAULT, show_default=True, help="One that `templates` lists.")
@click.option(
	"--in",
	"folder",
	type=click.Path(path_type=Path),
	default=".",
	show_default=True,
	help="The folder to write into.",
)
@json_option
def new(name: str, chosen: str, folder: Path, as_json: bool) -> None:
	"""Write a definition named NAME, a test and sample documents to start from, and the schema for your editor."""
	with errors(as_json):
		found = template(chosen)
		written = {folder / file: text for file, text in _files(found, name, date.today()).items()}
		for path in written:
			if path.exists():
				raise FileError(f"{path} is there already. Take another name, or move the file away.")
		folder.mkdir(parents=True, exist_ok=True)
		written[folder / SCHEMA.name] = SCHEMA.read_text(encoding="utf-8")
		for path, text in written.items():
			path.write_text(text, encoding="utf-8")
		command = command_of(found, folder / name, date.today())
	files = [str(path) for path in written]
	if as_json:
		print_json({"files": files, "run": command})
		return
	print_lines([f"{', '.join(files)}: written. Try it:", f"  {shlex.join(command)}"])


def command_of(found: Template, path: Path, today: date) -> list[str]:
	"""The words of the command that runs what `new` has written as `path`, without its ending."""
	words = ["dogansystem", "run", f"{path}.yaml", "--documents", f"{path}.jsonl"]
	if found.about and _document(found, today):
		words += ["--doc", f"{path}.json"]
	if (found.folder / INPUT).exists():
		words += ["--input", f"@{path}.{INPUT}"]
	for parameter, value in _examples(found, today).items():
		words += ["--set", f"{parameter}={value if isinstance(value, str) else json.dumps(value)}"]
	for step in found.definition.steps:
		if step.action == "flow.approve":
			words += ["--answer", f'{step.id}={{"decision": "approved"}}'] * int(step.params.get("needs", 1))
	return [*words, "--skip-waits"]


def _described(each: Template) -> dict[str, Any]:
	return {
		"name": each.name,
		"title": each.title,
		"description": each.description,
		"doctypes": each.doctypes,
		"apps": each.apps,
		"roles": each.roles,
		"agent": each.agent and {"name": each.agent.name, "roles": each.agent.roles},
		"parameters": each.definition.parameters,
	}


def _files(found: Template, name: str, today: date) -> dict[str, str]:
	"""The files by their names. Raises DefinitionError for a name that no workflow can have."""
	named = _NAME.sub(f"name: {json.dumps(name)}" if not re.fullmatch(r"[\w-]+", name) else f"name: {name}", found.source, count=1)  # fmt: skip
	text = named.replace("\ntitle:", f"\nrun_as: {RUN_AS} # whose permissions the steps have\ntitle:", 1)
	text = f"# yaml-language-server: $schema={SCHEMA.name}\n{text}"
	parse(text, source_name=f"{name}.yaml")
	document = _document(found, today)
	rest = [each for each in found.samples(today) if each != document]
	written = {f"{name}.yaml": text, f"{name}.jsonl": "".join(f"{_json(each)}\n" for each in rest)}
	if document:
		written[f"{name}.json"] = json.dumps(document, ensure_ascii=False, indent=2) + "\n"
	for file in (TEST, EVAL, AGENT, INPUT):
		if (path := found.folder / file).exists():
			own = path.read_text(encoding="utf-8").replace(DEFINITION, f"{name}.yaml", 1)
			written[f"{name}.{file.removeprefix('workflow.')}"] = own
	return written


def _json(document: Mapping[str, Any]) -> str:
	return json.dumps(document, ensure_ascii=False)


def _document(found: Template, today: date) -> dict[str, Any] | None:
	"""The sample document that a run is about: the first one of a type that starts runs."""
	return next((each for each in found.samples(today) if each["doctype"] in found.about), None)


def _examples(found: Template, today: date) -> dict[str, Any]:
	"""Values for the parameters that need one: a sample document, or what the template's test has."""
	needed = {name: schema for name, schema in found.definition.parameters.items() if "default" not in schema}
	tests = yaml.safe_load((found.folder / TEST).read_text(encoding="utf-8"))["tests"] if needed else [{}]
	given = tests[0].get("parameters", {})
	sampled = found.samples(today)
	return {
		name: _first(sampled, str(schema.get("format", ""))) or given[name] for name, schema in needed.items()
	}


def _first(sampled: Sequence[Mapping[str, Any]], form: str) -> Any:
	doctype = "User" if form == "user" else form.removeprefix("link:")
	return next((each["name"] for each in sampled if each["doctype"] == doctype), None)
