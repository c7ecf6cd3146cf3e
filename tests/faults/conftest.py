"""A MariaDB database of its own for each test, and the load on it."""

from collections.abc import Callable, Iterator

import pytest

from tests.faults.actions import FaultSandbox
from tests.faults.load import Load
from tests.integration.sandbox.conftest import empty_mariadb_url, mariadb_url, new_mariadb_url  # noqa: F401

LEASE = 2.0  # seconds


@pytest.fixture
def site(empty_mariadb_url: str) -> Iterator[FaultSandbox]:  # noqa: F811
	"""An empty sandbox on MariaDB with a short lease."""
	with FaultSandbox(empty_mariadb_url) as opened:
		opened.set_settings(lease_seconds=LEASE, linger_seconds=1)
		yield opened


@pytest.fixture
def url(site: FaultSandbox, empty_mariadb_url: str) -> str:  # noqa: F811
	return empty_mariadb_url


@pytest.fixture
def load(site: FaultSandbox) -> Load:
	return Load(site)


@pytest.fixture
def loaded(site: FaultSandbox) -> Callable[[float], Load]:
	"""A load whose steps take so many seconds."""
	return lambda seconds: Load(site, seconds=seconds)
