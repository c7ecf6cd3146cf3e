"""Every seed tells another story; in each of them everything ends, nothing is lost and nothing happens twice."""

from pathlib import Path

import pytest

from tests.conftest import Tell
from tests.unit.simulation.world import World

ACTIONS = 250


def test_every_run_ends_and_no_effect_is_lost_or_doubled(seed: int, tmp_path: Path, tell: Tell):
	play(World(tmp_path / "world.db", seed), seed, tell)


def test_steps_in_parts_end_as_others_do(seed_of_parts: int, tmp_path: Path, tell: Tell):
	play(World(tmp_path / "world.db", seed_of_parts, in_parts=True), seed_of_parts, tell)


def play(world: World, seed: int, tell: Tell) -> None:
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
