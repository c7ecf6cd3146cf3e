"""Which seeds are played: 50, all 2,000 with DOGAN_TEST_ALL=1, or the one that --seed or DOGAN_TEST_SEED names."""

import os
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.simulation.world import World

SHORT, LONG = 50, 2000


@dataclass(slots=True)
class Figures:
	"""What was simulated, to be printed at the end."""

	seeds: int = 0
	actions: int = 0
	steps: int = 0
	looks: int = 0

	def add(self, world: World) -> None:
		self.seeds += 1
		self.actions += world.actions
		self.steps += world.steps
		self.looks += world.looks


def pytest_addoption(parser: pytest.Parser) -> None:
	parser.addoption("--seed", type=int, help="play this seed of the simulation only")


def seeds(config: pytest.Config) -> list[int]:
	chosen = config.getoption("--seed", None)
	if chosen is None:
		chosen = os.environ.get("DOGAN_TEST_SEED")
	if chosen is not None:
		return [int(chosen)]
	return list(range(LONG if os.environ.get("DOGAN_TEST_ALL") else SHORT))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
	if "seed" in metafunc.fixturenames:
		metafunc.parametrize("seed", seeds(metafunc.config))


@pytest.fixture(scope="session")
def figures(request: pytest.FixtureRequest) -> Iterator[Figures]:
	counted = Figures()
	yield counted
	print(counted)
