"""A sandbox for every test, and the context of a step in it."""

import json
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

import pytest

from dogansystem import Sandbox
from dogansystem.actions.base import StepContext
from dogansystem.actions.registry import core_actions
from dogansystem.engine.outputs import encode

ACTIONS = core_actions()
USER = "sales@example.com"
NOON = datetime(2025, 6, 2, 12, 0, tzinfo=timezone.utc).timestamp()


@pytest.fixture
def site() -> Iterator[Sandbox]:
	"""An empty sandbox in Istanbul, where it is three hours later than in UTC."""
	with Sandbox(timezone="Europe/Istanbul") as sandbox:
		yield sandbox


def context(site: Sandbox, **changes: Any) -> StepContext:
	"""The context of a first attempt at NOON (UTC)."""
	known: dict[str, Any] = {
		"run": "RUN-1",
		"workflow": "orders",
		"step": "first",
		"item": None,
		"attempt": 1,
		"user": USER,
		"idempotency_key": "RUN-1/first",
		"now": NOON,
	}
	return StepContext(site=site, **{**known, **changes})


def act(site: Sandbox, action: str, /, **params: Any) -> Any:
	"""The output of an action, done as USER."""
	ACTIONS[action].validate(params)
	with site.acting_as(USER):
		output = ACTIONS[action].run(params, context(site))
	assert json.loads(encode(output, action)) == output
	return output
