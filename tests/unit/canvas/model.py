"""The canvas's model, which is JavaScript without a page, called from Python by way of Node."""

import json
import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest

import dogansystem
from dogansystem.actions.registry import core_actions
from dogansystem.engine.definitions import form
from dogansystem.engine.definitions.parse import parse
from dogansystem.workflows import templates
from tests.unit.simulation.definitions import workflow

PACKAGE = Path(dogansystem.__file__).parent
MODEL = PACKAGE / "public" / "js" / "dogan_canvas" / "model"
EXAMPLES = PACKAGE.parent / "examples"
RANDOM = 200
NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="no Node here; install it to test the canvas's model")

ACTIONS = [
	{
		"name": name,
		"branches": list(action.branches_of({})),
		"branches_from": action.branches_from,
		"schema": action.parameters,
	}
	for name, action in core_actions().items()
]
TABLES = form.tables()


def call(calls: Sequence[Sequence[Any]]) -> list[Any]:
	"""What functions of the model give: each call is its module, its name and its arguments."""
	found = subprocess.run(
		[str(NODE), str(Path(__file__).parent / "call.mjs"), str(MODEL)],
		input=json.dumps(calls),
		capture_output=True,
		text=True,
		check=False,
	)
	assert found.returncode == 0, found.stderr
	results: list[Any] = json.loads(found.stdout)
	return results


@cache
def definitions() -> list[dict[str, Any]]:
	"""All templates, all examples, and random workflows: valid ones, as they are stored."""
	found = [dict(each.definition.source) for each in templates()]
	found += [
		dict(parse(path.read_text(encoding="utf-8"), fills_run_as=True).source)
		for path in sorted(EXAMPLES.glob("*.yaml"))
		if not path.stem.endswith(".test")
	]
	found += [dict(parse(workflow(Random(seed), f"random-{seed}")).source) for seed in range(RANDOM)]
	return found
