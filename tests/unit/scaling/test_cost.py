"""What steps cost, from entered prices; and which workflows may run on machines that are taken back."""

from typing import Any

import pytest

from dogansystem import Orchestrator, Sandbox
from dogansystem.actions.registry import core_actions
from dogansystem.engine.definitions.parse import parse
from dogansystem.homes.sandbox.errors import ValidationError
from dogansystem.protocol import Settings
from dogansystem.scaling import cost, plan, sizing
from dogansystem.scaling.bottleneck import diagnose
from dogansystem.scaling.evidence import Load
from dogansystem.worker.drainer import Drainer
from tests.unit.scaling.made_up import evidence_of, steps

PRICES = Settings(currency="EUR", node_price=0.2, spot_node_price=0.05, database_price=0.3)


def report(prices: Settings = PRICES, target: str | None = "5x", share: float = 0.5) -> dict[str, Any]:
	there = evidence_of(load=Load(peak=50.0, mean=10.0, busy=1.0, hours=24.0))
	return cost.report(there, plan.make(there, diagnose(there), target), prices, share)


def test_a_thousand_steps_cost_what_an_hour_costs_by_what_it_does():
	found = report()
	assert found["per_hour_now"] == 0.5
	assert found["per_1000_steps_now"] == pytest.approx(0.5 / 36, rel=0.01)  # 36,000 steps an hour
	assert found["per_1000_steps_now_at_capacity"] == pytest.approx(0.5 / 360, rel=0.01)  # 100 steps a second
	assert found["per_hour_then"] == pytest.approx(1.3)  # five nodes, one database
	assert found["per_1000_steps_then_at_capacity"] == pytest.approx(1.3 / 1800, rel=0.01)


def test_idle_workers_are_a_share_and_a_price():
	found = report()
	assert found["idle_share"] == 0.9  # 1 of 10 was busy
	assert found["idle_per_month"] == pytest.approx(0.9 * 0.2 * 730, abs=0.01)
	assert "idle 90%" in found["recommendation"][0]


def test_spot_nodes_save_on_all_but_one_node():
	assert report(share=0.5)["spot_saves_per_month"] == pytest.approx(
		2 * 0.15 * 730
	)  # half of five nodes, rounded
	assert report(share=1.0)["spot_saves_per_month"] == pytest.approx(4 * 0.15 * 730)
	assert report(target="2x", share=1.0)["spot_saves_per_month"] is None  # there is only one node


def test_without_prices_nothing_is_made_up():
	found = report(Settings())
	assert found["prices_entered"] is False
	assert {found[name] for name in found if name.startswith("per_")} == {None}
	assert found["idle_share"] == 0.9
	assert "Enter prices in Dogan Settings" in found["recommendation"][0]


def fitness(*given: dict[str, Any], **rest: Any) -> cost.Fitness:
	definition = parse(
		{
			"name": "tried",
			"run_as": "a@example.com",
			"steps": [{"id": f"s{n}", **each} for n, each in enumerate(given)],
		}
	)
	return cost.fitness(definition, steps(**rest), core_actions())


def request(method: str, **rest: Any) -> dict[str, Any]:
	return {"action": "http.request", "params": {"url": "https://example.com", "method": method, **rest}}


SET: dict[str, Any] = {"action": "data.set"}


def test_short_steps_inside_the_database_may():
	found = fitness(SET, run_p95=0.1)
	assert (found.suitable, found.clouds) == (cost.YES, ["AWS", "Azure", "Google Cloud"])


def test_the_notice_decides_on_which_cloud():
	assert fitness(SET, run_p95=20.0).clouds == ["AWS", "Azure"]
	assert fitness(SET, run_p95=60.0).clouds == ["AWS"]
	assert fitness(SET, run_p95=600.0).suitable == cost.IF


def test_waits_do_not_count_however_long():
	assert fitness({"action": "flow.wait", "params": {"for": "30d"}}, run_p95=0.1).suitable == cost.YES


def test_what_goes_out_with_a_key_depends_on_who_gets_it():
	found = fitness(request("POST"), run_p95=0.5)
	assert found.suitable == cost.IF and "Idempotency-Key" in found.why and "s0" in found.why
	assert fitness(request("GET"), run_p95=0.5).suitable == cost.YES
	assert fitness(request("POST"), run_p95=600.0).suitable == cost.NO


def test_what_goes_out_without_a_key_that_stays_may_not():
	own = fitness(request("POST", headers={"idempotency-key": "{{ now() }}"}), run_p95=0.5)
	assert own.suitable == cost.NO and "happen twice" in own.why
	assert fitness({"action": "other.app"}, run_p95=0.5).suitable == cost.NO


def test_what_was_hardly_measured_may_not_yet():
	assert "Only 3 of its steps" in fitness(SET, count=3).why


def test_prices_are_settings_of_the_sandbox_too(sandbox: Sandbox):
	sandbox.set_settings(
		currency="EUR", node_hour_price=0.1234, database_hour_price="0.5", database_memory_gb=32
	)
	found = sandbox.settings()
	assert (found.currency, found.node_price, found.database_price) == ("EUR", 0.1234, 0.5)
	assert found.database_memory == 32
	with pytest.raises(ValidationError, match="cannot be negative"):
		sandbox.set_settings(node_hour_price=-1)


def test_a_site_gives_advice_that_knows_its_workflows(sandbox: Sandbox):
	sandbox.set_settings(linger_seconds=0, currency="EUR", node_hour_price=0.2)
	orchestrator = Orchestrator(sandbox)
	orchestrator.import_workflow(
		{"name": "quick", "run_as": "a@example.com", "steps": [{"id": "a", "action": "data.set"}]}
	)
	for _ in range(sizing.ENOUGH):
		orchestrator.start_run("quick")
	sandbox.database.commit()
	Drainer(sandbox, until=lambda: True).run()
	found = orchestrator.get_advice("2x", seconds=0)
	assert found["bottleneck"]["name"] == "idle"
	assert [(each["workflow"], each["suitable"]) for each in found["spot"]] == [("quick", "yes")]
	assert found["costs"]["spot_share"] == 1
	assert found["evidence"]["recent"]["count"] == sizing.ENOUGH
	assert found["evidence"]["recent"]["cpu"] > 0
	assert bool(found["database"]["findings"]) == (sandbox.database.dialect == "mariadb")
	with pytest.raises(Exception, match="give 0 to 60"):
		orchestrator.get_advice(seconds=61)
