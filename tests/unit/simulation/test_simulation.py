"""Every seed tells another story; in each of them everything ends, nothing is lost and nothing happens twice."""

from pathlib import Path

import pytest

from tests.conftest import Tell
from tests.unit.simulation.world import World

ACTIONS = 250


def test_every_run_ends_and_no_effect_is_lost_or_doubled(seed: int, tmp_path: Path, tell: Tell):
	world = World(tmp_path / "world.db", seed)
	try:
		world.play(ACTIONS)
		world.end()
	except Exception as error:
		story = "\n".join(world.story)
		pytest.fail(
			f"{error}\n\nThe last of it:\n{story}\n\nAgain: pytest tests/unit/simulation --seed {seed}"
		)
	finally:
		world.place.close()
		tell("simulation", seeds=1, actions=world.actions, steps=world.steps, looks_at_everything=world.looks)
