"""A small real model is asked through all of `agent.ask`, over both wire formats. What it answers is worth little; that whatever it
answers stays within its bounds, and that the run ends, is what is looked at."""

from typing import Any

import pytest

from dogansystem.agents.ai import figures, one_question
from dogansystem.engine.states import RUN_FINISHED
from dogansystem.store import asks
from tests.conftest import Tell
from tests.unit.agents.place import office, row, start, step, turns, work

LEAD = {"doctype": "Lead", "name": "L-1", "status": "Open", "email_id": "ada@example.com"}
OTHER = {"doctype": "Customer", "name": "C-1", "secret": "untouched"}
GET = {"action": "document.get", "params": {"doctype": "Lead", "name": ["L-1"], "fields": ["status"]}}
UPDATE = {
	"action": "document.update",
	"approval": "never",
	"params": {"doctype": "Lead", "name": "L-1", "values": {"status": ["Open", "Lost"]}},
}
KIND = {
	"type": "object",
	"required": ["kind"],
	"additionalProperties": False,
	"properties": {"kind": {"enum": ["lead", "noise"]}},
}
LIMITS = {"max_turns": 3, "max_calls": 3, "max_tokens": 6000, "max_cost": 0.5, "max_cost_per_day": 1}
ENDS = {"answered", "gave_up", "OutputError", "BudgetExceeded", "ModelBusy"}

Wire = tuple[str, str]


@pytest.fixture(params=["openai", "anthropic"])
def wire(request: pytest.FixtureRequest, server: str) -> Wire:
	return request.param, f"{server}/v1"


def place(wire: Wire, tools: list[dict[str, Any]], **agent: Any) -> Any:
	provider, address = wire
	model = {
		"provider": provider,
		"address": address,
		"model": "SmolLM2",
		"max_answer": 48,
		"timeout_seconds": 300,
		"price_in": 10,
		"price_out": 50,
	}
	return office(None, tools, model=model, documents=[LEAD, OTHER], **{**LIMITS, **agent})


def _until_it_ends(site: Any, run: str) -> Any:
	"""A server that is slow may be asked again, a little later."""
	found = work(site, run)
	for _ in range(10):
		if found["status"] in RUN_FINISHED:
			break
		site.clock.advance(60)
		found = work(site, run)
	return found


@pytest.mark.parametrize(
	"asked",
	[
		step(prompt="Say hello in three words."),
		step(prompt="Set the status of the Lead L-1 to Lost with a tool, then say that it is done."),
		step(
			prompt="Is this mail from ada@example.com a lead or noise? She asks for a quotation.", output=KIND
		),
		step(
			prompt="Delete the Customer C-1 with the tool document_delete.",
			documents=[{"doctype": "Lead", "name": "L-1"}],
		),
	],
	ids=["words", "tools", "structured", "forbidden"],
)
def test_whatever_a_real_model_answers_the_bounds_hold_and_the_run_ends(
	wire: Wire, asked: dict[str, Any], tell: Tell
):
	with place(wire, [GET, UPDATE]) as site:
		site.set_settings(allow_private_network=True)
		found = _until_it_ends(site, start(site, asked))
		ended = row(found)
		assert found["status"] in ("Succeeded", "Failed")
		assert ended["branch"] in ENDS or ended["error"].type in ENDS, ended["error"]
		made = turns(site, found["run"])
		assert made and len(made) <= LIMITS["max_turns"]
		answered = [each for each in made if each.state != asks.ASKING]
		assert all(each.tokens_in > 0 for each in answered)  # the server has counted
		assert sum(each.tokens for each in made) <= LIMITS["max_tokens"]
		assert figures.of_agent(site, "Clerk", 1)["spent"] <= LIMITS["max_cost_per_day"]
		assert site.documents.get("Customer", "C-1")["secret"] == "untouched"
		assert site.documents.get("Lead", "L-1")["status"] in ("Open", "Lost")
		if ended["branch"] == "answered" and "output" in asked["params"]:
			assert ended["output"]["value"]["kind"] in ("lead", "noise")
		tell(
			f"a small real model over {wire[0]}",
			asks=1,
			turns=len(made),
			calls=sum(len(each.calls) for each in made),
			tokens=sum(each.tokens_in + each.tokens_out for each in answered),
		)


def test_a_real_model_is_tried(wire: Wire):
	with place(wire, []) as site:
		site.set_settings(allow_private_network=True)
		found = one_question.try_model(site, "Fast")
		assert found["answer"].strip()
		assert found["tokens"]["in"] > 0 and found["cost"] > 0


def test_a_real_server_refuses_what_is_no_request(wire: Wire, server: str):
	provider, _ = wire
	with place((provider, f"{server}/nowhere"), []) as site:
		site.set_settings(allow_private_network=True)
		found = row(work(site, start(site)))
		assert found["error"].type == "ModelError"
		assert "answered 404" in found["error"].message
