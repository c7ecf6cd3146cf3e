"""method.call calls what the site has put on the list."""

from typing import Any

import pytest

from dogansystem import Sandbox
from dogansystem.actions.method import Call
from dogansystem.engine.errors import NotFound

from .conftest import context


def call(site: Sandbox, **params: Any) -> Any:
	action = Call()
	action.validate(params)
	return action.run(params, context(site))


@pytest.mark.contract("| `method.call` | method, [args] | what it returns |")
def test_a_method_gets_its_arguments_by_name_and_its_result_is_the_output(site: Sandbox) -> None:
	site.whitelist("shop.api.price", lambda item, quantity=1: {"item": item, "total": 5 * quantity})

	assert call(site, method="shop.api.price", args={"item": "A", "quantity": 3}) == {
		"item": "A",
		"total": 15,
	}
	assert call(site, method="shop.api.price", args={"item": "A"}) == {"item": "A", "total": 5}


def test_a_method_needs_no_arguments(site: Sandbox) -> None:
	site.whitelist("shop.api.ping", lambda: "pong")

	assert call(site, method="shop.api.ping") == "pong"


@pytest.mark.contract("call (a whitelisted server method)")
def test_a_method_that_is_not_on_the_list_is_an_error_that_names_it(site: Sandbox) -> None:
	with pytest.raises(NotFound, match=r"shop\.api\.drop"):
		call(site, method="shop.api.drop")
