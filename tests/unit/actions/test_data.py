"""data.set keeps values; data.check ends a step whose condition is not true."""

from typing import Any

import pytest

from dogansystem import Sandbox
from dogansystem.actions.data import Check, Set
from dogansystem.engine.errors import PERMANENT, CheckFailed, error_names

from .conftest import context


@pytest.mark.contract("| `data.set` | any keys | the same values |")
@pytest.mark.contract("| `data` | set, check")
def test_set_gives_back_what_it_was_given(site: Sandbox) -> None:
	values = {"total": 12.5, "rows": [{"a": None}], "for": "any key"}
	assert Set().run(values, context(site)) == values


@pytest.mark.parametrize("that", [True, 1, "yes", [0], {"a": 1}])
@pytest.mark.contract("| `data.check` | that, [message] | `true`")
@pytest.mark.contract("| `data` | set, check")
def test_a_check_that_holds_gives_true(that: Any, site: Sandbox) -> None:
	assert Check().run({"that": that}, context(site)) is True


@pytest.mark.parametrize("that", [False, 0, 0.0, "", " \n", [], {}, None])
@pytest.mark.contract("or the error `CheckFailed` (never retried)")
def test_a_check_that_does_not_hold_fails_with_its_message_and_is_not_retried(
	that: Any, site: Sandbox
) -> None:
	with pytest.raises(CheckFailed) as failure:
		Check().run({"that": that, "message": "no customer"}, context(site))
	assert str(failure.value) == "no customer"
	assert PERMANENT & set(error_names(failure.value))


def test_a_check_without_a_message_names_the_step(site: Sandbox) -> None:
	with pytest.raises(CheckFailed, match="step first: what `that` asks for is not true"):
		Check().run({"that": False}, context(site))
