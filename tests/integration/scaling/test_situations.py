"""The bottleneck of a situation that is produced on a real server is named rightly."""

import os
from pathlib import Path

import pytest

from dogansystem.scaling.bottleneck import diagnose
from tests.integration.scaling.situations.produce import SITUATIONS, produce
from tests.integration.scaling.situations.server import is_here

# A machine that others keep busy adds a bottleneck of its own: what competes with a situation for the processors.
TRIES = 3


@pytest.mark.skipif(not os.environ.get("DOGAN_TEST_ALL"), reason="script/test --all")
@pytest.mark.parametrize("name", SITUATIONS)
def test_a_situation_that_is_produced_is_recognised(name: str, tmp_path: Path):
	if not is_here():
		pytest.skip("no mariadbd here")
	said = []
	for number in range(TRIES):
		folder = tmp_path / str(number)
		folder.mkdir()
		found = diagnose(produce(SITUATIONS[name], folder))
		if found.name == SITUATIONS[name].bottleneck:
			return
		said.append((found.title, *found.evidence))
	pytest.fail(f"{name} was taken for {said}")
