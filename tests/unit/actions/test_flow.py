"""flow.wait says until when, flow.stop says how the run ends."""

from typing import Any

import pytest

from dogansystem import Sandbox
from dogansystem.actions.base import Stop, Wait
from dogansystem.actions.flow import End, WaitFor
from dogansystem.actions.schema import ValidationError

from .conftest import NOON, context


def wait(site: Sandbox, **params: Any) -> Any:
	action = WaitFor()
	action.validate(params)
	return action.run(params, context(site))


@pytest.mark.parametrize(
	("duration", "seconds"),
	[(90, 90), (0.5, 0.5), ("90", 90), ("30s", 30), ("15m", 900), ("2h", 7200), ("1d", 86400)],
)
def test_waiting_for_a_time_ends_that_long_after_the_step_began(
	site: Sandbox, duration: Any, seconds: float
) -> None:
	assert wait(site, **{"for": duration}).until == NOON + seconds


def test_the_output_says_the_moment_in_the_sites_timezone(site: Sandbox) -> None:
	assert wait(site, **{"for": "1h"}) == Wait(NOON + 3600, {"until": "2025-06-02 16:00:00"})


@pytest.mark.parametrize(
	("text", "zone", "hours"),
	[
		("2025-06-02 18:00", "Europe/Istanbul", 3),
		("2025-06-02T18:00:00", "Europe/Istanbul", 3),
		("2025-06-02 18:00:00.500000", "Europe/Istanbul", 3 + 0.5 / 3600),
		("2025-06-03", "Europe/Istanbul", 9),
		("2025-06-02 18:00", "UTC", 6),
		("2025-06-02 18:00", "America/New_York", 10),
		("2025-06-02T18:00:00+02:00", "America/New_York", 4),
		("2025-06-02T18:00:00Z", "Asia/Kolkata", 6),
		(" 2025-12-02 18:00 ", "America/New_York", 183 * 24 + 11),  # winter: an hour more
	],
)
@pytest.mark.contract("| `flow.wait` | for or until | `{until}` |")
def test_a_moment_is_in_the_sites_timezone_unless_it_says_another(text: str, zone: str, hours: float) -> None:
	with Sandbox(timezone=zone) as elsewhere:
		assert wait(elsewhere, until=text).until == pytest.approx(NOON + hours * 3600, abs=1e-3)


@pytest.mark.parametrize("text", ["2025-06-02 15:00", "2025-06-02 14:59:59", "1999-01-01"])
def test_a_moment_that_has_passed_does_not_wait(site: Sandbox, text: str) -> None:
	output = wait(site, until=text)

	assert not isinstance(output, Wait)
	assert output["until"].startswith(text)


def test_no_time_at_all_does_not_wait(site: Sandbox) -> None:
	assert wait(site, **{"for": 0}) == {"until": "2025-06-02 15:00:00"}


@pytest.mark.parametrize(
	("params", "words"),
	[
		({"for": "soon"}, "params.for: 'soon' does not fit. How long to wait: seconds, or 30s"),
		({"for": -1}, "params.for: is -1; give at least 0"),
		({"for": "5s 1h"}, "params.for: '5s 1h' is not a duration; write seconds"),
		({"for": True}, "params.for: must be text or a number"),
		(
			{"until": "tomorrow"},
			"params.until: 'tomorrow' does not fit. The moment to wait for, such as 2025-12-31",
		),
		({"until": ""}, "params.until: '' does not fit"),
		(
			{"until": "2025-01-01 25:00Z"},
			"params.until: '2025-01-01 25:00Z' is not a moment. Write 2025-12-31 09:00",
		),
		({"until": "0001-01-01"}, "params.until: '0001-01-01' is not a moment"),
		({"until": "9999-12-31 23:59"}, "is not a moment"),
		({"until": "2025-02-30"}, "is not a moment"),
	],
)
def test_what_cannot_be_waited_for_is_refused(site: Sandbox, params: dict[str, Any], words: str) -> None:
	with pytest.raises(ValidationError, match=words):
		wait(site, **params)


def test_stop_succeeds_unless_told_otherwise(site: Sandbox) -> None:
	assert End().run({}, context(site)) == Stop("Succeeded", "")
	assert End().run({"status": "Failed", "message": "no stock"}, context(site)) == Stop("Failed", "no stock")
