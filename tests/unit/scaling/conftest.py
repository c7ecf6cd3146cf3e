from collections.abc import Iterator
from pathlib import Path

import pytest

from dogansystem import Orchestrator, Sandbox
from dogansystem.homes.sandbox import TestClock
from tests.unit.scaling.recorded import Recorded

START = 1_750_000_000.0  # 2025-06-15 15:06:40 UTC


@pytest.fixture
def clock() -> TestClock:
	return TestClock(START)


@pytest.fixture
def sandbox(tmp_path: Path, clock: TestClock) -> Iterator[Sandbox]:
	with Sandbox(str(tmp_path / "test.db"), clock=clock, timezone="UTC") as opened:
		yield opened


@pytest.fixture
def recorded(sandbox: Sandbox, clock: TestClock) -> Recorded:
	return Recorded(sandbox, clock)


@pytest.fixture
def orchestrator(sandbox: Sandbox) -> Orchestrator:
	return Orchestrator(sandbox)
