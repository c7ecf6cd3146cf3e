"""Prometheus' configuration, rules and the dashboard: read by promtool and a real Prometheus, not by eye."""

import json
import re
import socket
import threading
from pathlib import Path
from typing import Any

import pytest
import yaml

from dogansystem import Orchestrator, Sandbox
from dogansystem.worker.drainer import Drainer
from dogansystem.worker.tick import tick
from tests.integration.deploy.files import broken, program
from tests.integration.deploy.prometheus import MONITORING, PACKAGE, metrics_of, prometheus, promtool

DASHBOARD = json.loads((MONITORING / "dashboard.json").read_text())
GUIDE = MONITORING.parents[1] / "docs" / "guides" / "monitoring.md"
RULES = yaml.safe_load((MONITORING / "rules.yml").read_text())
QUERIES = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
ALERTS = {rule["alert"]: rule["expr"] for group in RULES["groups"] for rule in group["rules"]}
METRIC = re.compile(r"\b(dogansystem_[a-z_]+?)(?:_bucket)?\b(?![\"-])")

SITE = '{job="dogansystem", instance="erp"'
GOOD = {
	'up{job="dogansystem", instance="erp"}': "1x60",
	f"dogansystem_tick_timestamp_seconds{SITE}}}": "0+60x60",
	f'dogansystem_problem{SITE}, code="scheduler"}}': "0x60",
	f"dogansystem_oldest_overdue_timer_age_seconds{SITE}}}": "3x60",
	f'dogansystem_steps_ready{SITE}, priority="5"}}': "3x60",
	f'dogansystem_workers_alive{SITE}, node="n1"}}': "2x60",
	f"dogansystem_oldest_ready_age_seconds{SITE}}}": "0.4x60",
	f'dogansystem_node_up{SITE}, node="n1"}}': "1x60",
	f'dogansystem_node_last_beat_timestamp_seconds{SITE}, node="n1"}}': "0+60x60",
	f'dogansystem_steps_lost_total{SITE}, node="n1"}}': "0x60",
	f'dogansystem_steps_finished_total{SITE}, workflow="w", outcome="succeeded"}}': "0+100x60",
	f'dogansystem_steps_finished_total{SITE}, workflow="w", outcome="failed"}}': "0+1x60",
	f'dogansystem_agent_steps_waiting{SITE}, agent="Ada"}}': "0x60",
	f'dogansystem_agent_steps_in_hand{SITE}, agent="Ada"}}': "2x60",
	f'dogansystem_agent_capacity{SITE}, agent="Ada"}}': "2x60",
}
# What is wrong, in place of what is good, and which alert says so.
WRONG = {
	"DogansystemNoMetrics": {"up{": "0x60"},
	"DogansystemNoTick": {"dogansystem_tick": "0x60"},
	"DogansystemSchedulerOff": {"dogansystem_problem": "1x60"},
	"DogansystemTimersOverdue": {"dogansystem_oldest_overdue": "0+60x60"},
	"DogansystemNobodyWorks": {"dogansystem_workers_alive": "0x60"},
	"DogansystemStepsWait": {"dogansystem_oldest_ready_age_seconds": "0+10x60"},
	"DogansystemNodeLost": {"dogansystem_node_up": "0x60", "dogansystem_node_last_beat": "600x60"},
	"DogansystemWorkersDie": {"dogansystem_steps_lost_total": "0+1x60"},
	"DogansystemStepsFail": {f'dogansystem_steps_finished_total{SITE}, workflow="w", outcome="failed"': "0+30x60"},
	"DogansystemAgentFull": {"dogansystem_agent_steps_waiting": "4x60"},
}  # fmt: skip


@pytest.mark.parametrize("alert", ["", *WRONG])
def test_an_alert_speaks_up_when_its_situation_is_there_and_only_then(alert: str, tmp_path: Path):
	series = dict(GOOD)
	for start, values in WRONG.get(alert, {}).items():
		(name,) = [each for each in series if each.startswith(start)]
		series[name] = values
	answer = promtool("test", "rules", rule_test(tmp_path, series, "ALERTS{alertstate='firing'} == 1"))
	firing = set(re.findall(r'alertname="(\w+)"', answer.stdout))
	assert firing == ({alert} if alert else set()), answer.stdout
	assert set(WRONG) == set(ALERTS)


def rule_test(folder: Path, series: dict[str, str], expression: str) -> Path:
	"""A test for promtool that expects nothing of an expression after half an hour, and so shows what there is."""
	test = {
		"rule_files": [str(MONITORING / "rules.yml")],
		"evaluation_interval": "1m",
		"tests": [
			{
				"interval": "1m",
				"input_series": [{"series": name, "values": values} for name, values in series.items()],
				"promql_expr_test": [{"expr": expression, "eval_time": "30m", "exp_samples": []}],
			}
		],
	}
	path = folder / "test.yml"
	path.write_text(yaml.safe_dump(test))
	return path


def test_promtool_accepts_the_rules_and_no_broken_ones(tmp_path: Path):
	assert promtool("check", "rules", MONITORING / "rules.yml").returncode == 0
	copy = tmp_path / "rules.yml"
	text = (MONITORING / "rules.yml").read_text()
	copy.write_text(broken(text, "> 300", "> > 300"))
	answer = promtool("check", "rules", copy)
	assert answer.returncode != 0 and "parse error" in answer.stdout


def test_promtool_accepts_the_configuration_and_no_broken_one(tmp_path: Path):
	copy = tmp_path / "prometheus.yml"
	(tmp_path / "rules.yml").write_text((MONITORING / "rules.yml").read_text())
	(tmp_path / "token").write_text("token")
	text = broken(
		(MONITORING / "prometheus.yml").read_text(),
		"/etc/prometheus/dogansystem-token",
		str(tmp_path / "token"),
	)
	copy.write_text(text)
	answer = promtool("check", "config", copy)
	assert answer.returncode == 0, answer.stdout
	copy.write_text(broken(text, "credentials_file", "credential_file"))
	assert promtool("check", "config", copy).returncode != 0


def test_what_rules_and_dashboard_ask_for_is_exposed():
	with Sandbox() as site:
		site.set_settings(linger_seconds=0)
		work(site)
		exposed = set(re.findall(r"^# TYPE (\S+)", Orchestrator(site).get_metrics(), re.MULTILINE))
		site.database.rollback()
	asked = {name for query in (*QUERIES, *ALERTS.values()) for name in METRIC.findall(query)}
	assert len(asked) > 20
	assert asked - exposed == set()
	assert exposed - asked <= {"dogansystem_info", *NOT_SHOWN}
	explained = GUIDE.read_text()
	assert set(re.findall(r"`(dogansystem_\w+)`", explained)) == exposed
	assert set(re.findall(r"`(Dogansystem\w+)`", explained)) == set(ALERTS)


NOT_SHOWN = {
	"dogansystem_sample_timestamp_seconds",
	"dogansystem_agents_enabled",
	"dogansystem_agents_limit",
	"dogansystem_workflows_enabled",
}


def test_the_panels_lie_side_by_side():
	places = [panel["gridPos"] for panel in DASHBOARD["panels"]]
	cells = [
		(column, row)
		for each in places
		for column in range(each["x"], each["x"] + each["w"])
		for row in range(each["y"], each["y"] + each["h"])
	]
	assert len(cells) == len(set(cells)) and max(column for column, _ in cells) < 24
	assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
	for panel in DASHBOARD["panels"]:
		assert panel["datasource"]["uid"] == "$datasource"
		assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])


def test_a_real_prometheus_collects_and_answers_every_query(tmp_path: Path):
	program("prometheus", PACKAGE)
	database = str(tmp_path / "scraped.db")
	with Sandbox(database) as site:
		site.set_settings(linger_seconds=0)
		work(site)
	with metrics_of(database) as target, prometheus(tmp_path, target, free_port()) as asked:
		asked.wait_for('up{job="dogansystem"} == 1')
		with working(database):
			asked.wait_for("rate(dogansystem_steps_finished_total[10s]) > 0")
			for query in QUERIES:
				filled = query.replace("$__rate_interval", "10s").replace("$instance", ".*")
				asked.wait_for(filled)
		variable = DASHBOARD["templating"]["list"][1]["query"]["query"]
		selector = re.fullmatch(r"label_values\((.*), instance\)", variable)[1]
		assert {each["metric"]["instance"] for each in asked.query(selector)} == {f"127.0.0.1:{target}"}
		rules = [rule for group in asked.get("rules")["groups"] for rule in group["rules"]]
		assert {rule["name"]: rule["health"] for rule in rules} == dict.fromkeys(ALERTS, "ok")
		(wanted,) = asked.query(adapter_query())
		assert float(wanted["value"][1]) >= 0


def adapter_query() -> str:
	"""What the autoscaler of Kubernetes asks for."""
	values = MONITORING.parent / "kubernetes" / "hpa" / "prometheus-adapter.yaml"
	query: str = yaml.safe_load(values.read_text())["rules"]["external"][0]["metricsQuery"]
	return query


def work(site: Sandbox) -> None:
	"""Steps that succeed, fail and wait, with an agent."""
	orchestrator = Orchestrator(site)
	orchestrator.register_agent("Ada", "person@example.com", ["maths"])
	for name, step in STEPS.items():
		orchestrator.import_workflow(
			{"name": name, "run_as": "person@example.com", "steps": [{"id": "a", **step}]}
		)
		orchestrator.start_run(name)
	site.database.commit()
	tick(site)
	Drainer(site, until=lambda: True).run()


STEPS: dict[str, dict[str, Any]] = {
	"succeeds": {"action": "data.set"},
	"fails": {"action": "data.check", "params": {"that": False, "message": "no"}},
	"by-ada": {"action": "data.set", "agent": "Ada"},
}


class working:
	"""Work again and again while the block is entered."""

	def __init__(self, database: str):
		self._database = database
		self._done = threading.Event()
		self._thread = threading.Thread(target=self._run)

	def __enter__(self) -> None:
		self._thread.start()

	def __exit__(self, *_: object) -> None:
		self._done.set()
		self._thread.join()

	def _run(self) -> None:
		with Sandbox(self._database) as site:
			while not self._done.wait(0.3):
				work(site)


def free_port() -> int:
	with socket.socket() as listening:
		listening.bind(("127.0.0.1", 0))
		port: int = listening.getsockname()[1]
	return port
