"""A sandbox on a network of its own, with the short lease of the fault tests."""

from collections.abc import Iterator

import pytest

from tests.integration.nodes import network
from tests.integration.nodes.place import Place, sandbox_place

LEASE = 5.0  # seconds; workers beat every two


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
	problem = network.why_not()
	if problem:
		pytest.skip(f"no hosts: {problem}")
	with sandbox_place(lease_seconds=LEASE) as opened:
		yield opened
