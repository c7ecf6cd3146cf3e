import pytest

from dogansystem import Orchestrator, Sandbox
from dogansystem.homes.sandbox import TestClock
from tests.integration.sandbox.conftest import clock, empty_mariadb_url, mariadb_url, sandbox, url  # noqa: F401
from tests.unit.scaling.recorded import Recorded


@pytest.fixture
def recorded(sandbox: Sandbox, clock: TestClock) -> Recorded:  # noqa: F811
	return Recorded(sandbox, clock)


@pytest.fixture
def orchestrator(sandbox: Sandbox) -> Orchestrator:  # noqa: F811
	return Orchestrator(sandbox)
