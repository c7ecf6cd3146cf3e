import pytest

from dogansystem import Orchestrator, Sandbox
from dogansystem.homes.sandbox import TestClock
from tests.integration.sandbox.conftest import (  # noqa: F401
	clock,
	empty_mariadb_url,
	mariadb_url,
	new_mariadb_url,
	sandbox,
	url,
)
from tests.unit.scaling.recorded import Recorded


@pytest.fixture
def recorded(sandbox: Sandbox, clock: TestClock) -> Recorded:  # noqa: F811
	return Recorded(sandbox, clock)


@pytest.fixture
def orchestrator(sandbox: Sandbox) -> Orchestrator:  # noqa: F811
	return Orchestrator(sandbox)
