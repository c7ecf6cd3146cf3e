"""A sandbox for every test, and the context of a step in it."""

from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

import pytest

from dogansystem import Sandbox
from dogansystem.actions.base import StepContext

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
		"user": "sales@example.com",
		"idempotency_key": "RUN-1/first",
		"now": NOON,
	}
	return StepContext(site=site, **{**known, **changes})
