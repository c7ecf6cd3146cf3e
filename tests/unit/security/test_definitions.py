"""Definitions as somebody uploads them: text that grows while it is read, names that are paths, checks that take for
ever. Each ends in a DefinitionError, soon. (tests/unit/definitions/broken and tests/unit/engine/test_source.py have more.)
"""

import json
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dogansystem.engine.definitions.parse import check_input, parse
from dogansystem.engine.errors import DefinitionError, InputError
from tests.conftest import Tell

SECONDS = 10.0  # of processor time; the slowest takes less than two
HAN = "".join(map(chr, range(0x4E00, 0x4E00 + 400))) * 60
STEP = "steps: [{id: a, action: data.set}]\n"


def steps(number: int, rest: Callable[[int], dict[str, Any]]) -> dict[str, Any]:
	return {
		"name": "wf",
		"steps": [{"id": f"s{index}", "action": "data.set", **rest(index)} for index in range(number)],
	}


def trigger(**keys: Any) -> dict[str, Any]:
	return {"name": "wf", "triggers": [keys], "steps": [{"id": "a", "action": "data.set"}]}


def schema(value: Any) -> dict[str, Any]:
	return {"name": "wf", "input": value, "steps": [{"id": "a", "action": "data.set"}]}


LAUGHS = "a0: &a0 [x, x]\n" + "".join(
	f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
)
MERGES = "a0: &a0 {x: 1}\n" + "".join(
	f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}], y{n}: *a{n - 1}}}\n" for n in range(1, 12)
)

TEXTS = {
	"a billion laughs": LAUGHS + "name: wf\n" + STEP,
	"a billion merges": MERGES + "name: wf\n" + STEP,
	"an anchor that holds itself": "name: wf\nsteps: &s [{id: a, action: x, params: {p: *s}}]\n",
	"a mapping merged into itself": "name: wf\ndescription: &d {<<: *d}\n" + STEP,
	"an alias as a key": "a: &a x\n*a : y\nname: wf\n" + STEP,
	"an anchor of a mapping as a key": "? &a {x: 1}\n: 1\n",
	"python object": "name: !!python/object/apply:os.system ['id']\n" + STEP,
	"python name": "name: !!python/name:os.system\n" + STEP,
	"python module": "name: !!python/module:os\n" + STEP,
	"python tuple": "name: wf\nsteps: !!python/tuple [{id: a, action: x}]\n",
	"python object in short": "%TAG ! tag:yaml.org,2002:python/\n---\nname: !object/apply:os.system ['id']\n",
	"binary": "name: !!binary d2Y=\n" + STEP,
	"timestamp": "name: !!timestamp 2001-12-14\n" + STEP,
	"set": "name: !!set {a, b}\n" + STEP,
	"ordered map": "name: wf\nsteps: !!omap [a: 1]\n",
	"a tag of one's own": "name: !include /etc/passwd\n" + STEP,
	"environment": "name: !ENV ${HOME}\n" + STEP,
	"another version of YAML": "%YAML 3.0\n---\nname: wf\n" + STEP,
	"a second document": "name: wf\n" + STEP + "---\nname: other\n" + STEP,
	"a NUL": "name: wf\0\n" + STEP,
	"an escape sequence": "name: wf\x1b[2J\n" + STEP,
	"half a character": 'name: "\\ud800"\n' + STEP,
	"text that is bytes": "\ufffe\x00n",
	"nested a thousand times": "name: wf\ndescription: " + "[" * 1000 + "]" * 1000 + "\n" + STEP,
	"nested JSON": '{"name": "wf", "steps": ' + '{"a":' * 100_000 + "1" + "}" * 100_000 + "}",
	"JSON with a giant number": '{"name": "wf", "description": ' + "9" * 100_000 + "}",
	"JSON that stops": '{"name": "wf", "steps": [{"id": "a"',
	"a million keys": "\n".join(f"k{n}: 1" for n in range(60_000)),
	"a long number": "name: " + "9" * 500_000 + "\n" + STEP,
	"a long hexadecimal number": "name: 0x" + "f" * 500_000 + "\n" + STEP,
	"a long fraction": "name: 1." + "9" * 500_000 + "\n" + STEP,
	"sixty to the power": "name: 1" + ":1" * 100_000 + "\n" + STEP,
	"a path up": "name: ../../etc/cron.d/x\n" + STEP,
	"an absolute path": "name: /etc/passwd\n" + STEP,
	"a path of Windows": "name: 'C:\\windows'\n" + STEP,
	"a dot": "name: .\n" + STEP,
	"a name that is SQL": 'name: "wf\'; DROP TABLE x; --"\n' + STEP,
	"a step that is a path": "name: wf\nsteps: [{id: ../a, action: data.set}]\n",
	"a step that is SQL": 'name: wf\nsteps: [{id: "a\' OR 1=1", action: data.set}]\n',
	"an action that is a path": "name: wf\nsteps: [{id: a, action: ../../x.y}]\n",
	"an action that is Python": "name: wf\nsteps: [{id: a, action: 'os.system'}]\n",
}

VALUES = {
	"unknown steps, each with many": steps(1000, lambda i: {"after": [f"step{i}x{j}" for j in range(20)]}),
	"unknown keys, each with many": steps(1000, lambda i: {f"actionx{j}": 1 for j in range(40)}),
	"unknown steps in templates": steps(
		500, lambda i: {"params": {f"a{j}": f"{{{{ steps.sx{i}_{j}.output }}}}" for j in range(20)}}
	),
	"unknown names in templates": steps(
		500, lambda i: {"params": {f"a{j}": f"{{{{ docx{i}_{j} }}}}" for j in range(20)}}
	),
	"unknown filters": steps(
		500, lambda i: {"params": {f"a{j}": f"{{{{ 1 | uper{i}_{j} }}}}" for j in range(20)}}
	),
	"all wait for all": steps(
		300, lambda i: {"after": [f"s{j}" for j in range(300) if j != i]}
	),
	"names like very long ones": {
		"name": "wf",
		"steps": [
			{"id": HAN, "action": "data.set"},
			{"id": "b", "action": "data.set", "after": [HAN + "x"]},
		],
	},
	"many timezones": {
		**trigger(),
		"triggers": [
			{"on": "schedule", "every": "1h", "timezone": f"Europ/Istnbul{index}"} for index in range(2000)
		],
	},
	"a timezone that is a path": trigger(on="schedule", every="1h", timezone="../../../etc/passwd"),
	"a timezone that is an absolute path": trigger(on="schedule", every="1h", timezone="/etc/localtime"),
	"a timezone that is a folder": trigger(on="schedule", every="1h", timezone="Europe"),
	"a timezone with a NUL": trigger(on="schedule", every="1h", timezone="Europe\0/Berlin"),
	"a cron that counts far": trigger(on="schedule", cron="0-999999999 * * * *"),
	"a cron that never comes": trigger(on="schedule", cron="0 0 30 2 *"),
	"a long cron": trigger(on="schedule", cron="1 1 1 1 " + "1-" * 100_000),
	"a duration without end": {**trigger(on="manual"), "limits": {"run_timeout": "1h" * 100_000}},
	"a duration of digits": {**trigger(on="manual"), "limits": {"run_timeout": "9" * 100_000}},
	"a duration beyond time": {**trigger(on="manual"), "limits": {"run_timeout": 1e308}},
	"a pattern nested deeply": schema({"pattern": "(" * 2000 + ")" * 2000}),
	"a pattern that counts far": schema({"pattern": "a{99999999999999999999}"}),
	"a pattern that is none": schema({"pattern": "("}),
	"patterns of properties": schema({"patternProperties": {"(" * 2000: {}}}),
	"a schema elsewhere": schema({"$ref": "http://169.254.169.254/latest/meta-data/"}),
	"a schema in a file": schema({"$ref": "file:///etc/passwd"}),
	"a schema with another name": schema({"$id": "http://127.0.0.1/", "$ref": "a.json"}),
	"a schema by a dynamic name": schema({"$dynamicRef": "http://127.0.0.1/#a"}),
	"bytes": {"name": b"wf", "steps": []},
	"a mapping that is no mapping": {"name": "wf", "steps": {"a": 1}},
	"an endless list": {"name": "wf", "steps": [[]] * 60_000},
	"a list that holds itself": (lambda made: made.append(made) or {"name": "wf", "steps": made})([]),
}  # fmt: skip


def refused(source: Any, tell: Tell) -> DefinitionError:
	"""The error that a definition ends in. Fails if there is none, or if it takes long."""
	started = time.process_time()
	with pytest.raises(DefinitionError) as failure:
		parse(source, actions={"data.set": {}})
	assert time.process_time() - started < SECONDS
	tell("definitions as uploads", tried=1, refused=1)
	return failure.value


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_a_hostile_text_is_refused_soon(text: str, tell: Tell) -> None:
	error = refused(text, tell)
	assert "Traceback" not in str(error)


@pytest.mark.parametrize("source", VALUES.values(), ids=VALUES.keys())
def test_hostile_data_is_refused_soon(source: Any, tell: Tell) -> None:
	assert 1 <= len(refused(source, tell).problems) <= 200


REFERENCES: dict[str, Any] = {"r0": {"type": "string"}} | {
	f"r{n}": {"anyOf": [{"$ref": f"#/$defs/r{n - 1}"}] * 10} for n in range(1, 12)
}
INPUTS: dict[str, tuple[Any, Any]] = {
	"half a million errors": ({"items": {"type": "string"}}, [1] * 500_000),
	"mappings compared with each other": (
		{"uniqueItems": True},
		[{"a": n} for n in range(50_000)] + [{"a": 0}],
	),
	"references to references": ({"$ref": "#/$defs/r11", "$defs": REFERENCES}, 1),
	"a schema that holds itself": ({"$ref": "#/$defs/a", "$defs": {"a": {"allOf": [{"$ref": "#/$defs/a"}]}}}, 1),
	"lists in lists": ({"$ref": "#/$defs/a", "$defs": {"a": {"items": {"$ref": "#/$defs/a"}, "maxItems": 1}}}, [[], []]),
}  # fmt: skip


@pytest.mark.parametrize(("wanted", "given"), INPUTS.values(), ids=INPUTS.keys())
def test_input_cannot_hold_up_or_fill_whoever_checks_it(wanted: Any, given: Any, tell: Tell) -> None:
	definition = parse(schema(wanted))
	before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
	started = time.process_time()
	with pytest.raises(InputError):
		check_input(definition, given)
	assert time.process_time() - started < 2 * SECONDS
	assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 400 * 1024  # kilobytes
	tell("inputs", tried=1, refused=1)


@pytest.mark.parametrize(
	("given", "fits"), [([1, True, "1", [1], {"1": 1}, None], True), ([{"a": 1}, {"a": 1.0}], False), ([0, False], True)]
)  # fmt: skip
def test_items_are_unique_as_json_sees_it(given: Any, fits: bool) -> None:
	definition = parse(schema({"uniqueItems": True}))
	if fits:
		check_input(definition, given)
	else:
		with pytest.raises(InputError, match="same item twice"):
			check_input(definition, given)


def test_a_folder_or_a_device_is_no_definition(tmp_path: Path) -> None:
	from click.testing import CliRunner

	from dogansystem.cli import main

	(tmp_path / "loop.yaml").symlink_to(tmp_path / "loop.yaml")
	(tmp_path / "bytes.yaml").write_bytes(b"\x80\x81name: wf\n")
	for path in (tmp_path, tmp_path / "loop.yaml", tmp_path / "none.yaml", tmp_path / "bytes.yaml"):
		done = CliRunner().invoke(main, ["check", str(path)])
		assert done.exit_code == 2, (path, done.output)
		assert isinstance(done.exception, SystemExit)


def test_the_error_of_a_json_upload_quotes_at_most_a_little_of_it() -> None:
	source = {"name": "wf", "steps": [{"id": "a", "action": "data.set", "x" * 500_000: "y" * 500_000}]}
	with pytest.raises(DefinitionError) as failure:
		parse(json.dumps(source))
	assert len(str(failure.value)) < 5_000
