"""A database that no release has been in yet."""

from collections.abc import Iterator

import pytest

from tests.faults.upgrade.ask import new_database
from tests.integration.sandbox.conftest import mariadb_url  # noqa: F401


@pytest.fixture
def new_url(mariadb_url: str) -> Iterator[str]:  # noqa: F811
	with new_database(mariadb_url) as url:
		yield url
