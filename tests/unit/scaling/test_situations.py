"""The bottleneck is named rightly in situations that were produced and recorded; with --all they are produced again."""

import json
from pathlib import Path

import pytest

from dogansystem.engine.errors import InputError
from dogansystem.protocol import Settings
from dogansystem.scaling import advice, bottleneck, evidence
from dogansystem.scaling.bottleneck import diagnose
from dogansystem.scaling.evidence import Evidence
from dogansystem.scaling.plan import TARGETS
from dogansystem.scaling.report import as_text
from tests.integration.scaling.situations.produce import SITUATIONS, file_of

RECORDED = Path(__file__).parent / "recorded_situations"
SAYS = {
	"idle": "Nothing has to be done",
	"workers": "of 4 workers are busy",
	"no workers": "No worker listens",
	"processor": "of the processor and",
	"database": "in the database",
	"locks": "waiting for row locks",
	"buffer pool": "The buffer pool has 8 MB",
	"connections": "MariaDB allows 10 connections",
	"agent": "1 of 1 slots taken",
	"capability": "2 of 2 slots taken",
	"workflow limit": "the limit of the workflow situation",
}


def recorded(name: str) -> Evidence:
	return evidence.from_json(json.loads((RECORDED / file_of(name)).read_text()))


@pytest.mark.parametrize("name", SITUATIONS)
def test_a_recorded_situation_is_told_by_its_name_and_numbers(name: str):
	found = diagnose(recorded(name))
	assert found.name == SITUATIONS[name].bottleneck
	assert SAYS[name] in " ".join([*found.evidence, found.remedy])


def test_every_bottleneck_there_is_was_recorded():
	assert {each.bottleneck for each in SITUATIONS.values()} == set(bottleneck.NAMES)
	assert {path.name for path in RECORDED.iterdir()} == {file_of(name) for name in SITUATIONS}


@pytest.mark.parametrize("name", SITUATIONS)
@pytest.mark.parametrize("target", [None, *TARGETS])
def test_every_target_has_an_answer_in_every_situation(name: str, target: str | None):
	found = advice.judge(recorded(name), Settings(num_workers=4), target)
	assert json.loads(json.dumps(found)) == found
	assert found["plan"]["scenario"] == TARGETS[target].scenario if target else found["plan"]["scenario"]
	text = as_text(advice.sections(found))
	assert found["bottleneck"]["title"] in text
	assert all(order["command"] in text for order in found["plan"]["commands"])


def test_what_was_recorded_can_be_kept_and_read_again():
	found = recorded("workers")
	assert evidence.from_json(json.loads(json.dumps(evidence.as_json(found)))) == found


def test_a_target_there_is_not_is_refused():
	with pytest.raises(InputError, match="'3x'; there are 2x, 5x, ha, unlimited"):
		advice.judge(recorded("idle"), Settings(), "3x")
