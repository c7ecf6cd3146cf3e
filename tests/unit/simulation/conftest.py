"""Which seeds are played: 50, all 2,000 with DOGAN_TEST_ALL=1, or the one that --seed or DOGAN_TEST_SEED names."""

import os

import pytest

from dogansystem.store import names
from dogansystem.triggers import batch
from tests import scale

SEEDS = scale.of(50, 2000)


@pytest.fixture(autouse=True)
def what_a_world_changes(monkeypatch: pytest.MonkeyPatch) -> None:
	"""A batch has several chunks; names are drawn by the world's own chance. Both are as they were afterwards."""
	monkeypatch.setattr(batch, "CHUNK", 2)
	monkeypatch.setattr(names, "secrets", names.secrets)


def pytest_addoption(parser: pytest.Parser) -> None:
	parser.addoption("--seed", type=int, help="play this seed of the simulation only")


def seeds(config: pytest.Config) -> list[int]:
	chosen = config.getoption("--seed", None)
	if chosen is None:
		chosen = os.environ.get("DOGAN_TEST_SEED")
	if chosen is not None:
		return [int(chosen)]
	return list(range(SEEDS))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
	if "seed" in metafunc.fixturenames:
		metafunc.parametrize("seed", seeds(metafunc.config))
	if "seed_of_parts" in metafunc.fixturenames:
		metafunc.parametrize("seed_of_parts", seeds(metafunc.config)[:: scale.of(3, 2)])
