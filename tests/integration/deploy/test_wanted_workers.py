"""How many workers the autoscalers want: KEDA's query asked of a real database, the HPA's of Prometheus' own evaluator."""

import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pymysql
import pytest
import yaml

from dogansystem import Sandbox
from dogansystem.health.metrics import metrics
from dogansystem.homes.sandbox import TestClock
from dogansystem.scaling.autoscale import Demand
from dogansystem.store import processes, queue
from dogansystem.store.changes import claims
from dogansystem.store.moment import moment
from tests.integration.deploy.files import DEPLOY, program, run
from tests.integration.sandbox.conftest import clock, empty_mariadb_url, mariadb_url, new_mariadb_url  # noqa: F401


def query(file: str) -> str:
	objects = yaml.safe_load_all((DEPLOY / "kubernetes" / file).read_text())
	return next(each for each in objects if each["kind"] == "ScaledObject")["spec"]["triggers"][0][
		"metadata"
	]["query"]


@pytest.fixture
def site(empty_mariadb_url: str, clock: TestClock) -> Iterator[Sandbox]:  # noqa: F811
	with Sandbox(empty_mariadb_url, clock=clock) as opened:
		yield opened


def fill(site: Sandbox, ready: int, claimed: int, running: int) -> None:
	"""Put steps into the queue, have a process claim some, and begin some of those."""
	db = site.database
	for number in range(ready + claimed + running):
		db.execute(
			"INSERT INTO dogan_ready (lane, step_run, run, attempt, ready_at) VALUES (5, %s, 'r', 1, 0)",
			(f"s{number}",),
		)
	db.commit()
	process = processes.register(db, "node", "space", 1, "worker", moment(site))
	db.commit()
	if claimed + running:
		leases = claims.claim(db, process, "worker", 1, claimed + running, claims.Floor(), moment(site))
		assert len(leases) == claimed + running
		for lease in leases[:running]:
			assert claims.begin(db, lease, moment(site))
	db.commit()


def ask(site: Sandbox, file: str) -> float:
	((value,),) = site.database.sql(query(file))
	site.database.rollback()
	return float(value)


CASES = pytest.mark.parametrize(
	"ready, claimed, running, steady, spot",
	[
		(0, 0, 0, 0, 0),
		(1, 0, 0, 1, 0),
		(0, 0, 7, 7, 0),  # nothing waits, and yet none of them may be sent away
		(30, 10, 3, 5, 0),
		(200, 40, 8, 20, 10),
	],
)


@CASES
def test_as_many_workers_are_wanted_as_steps_run_and_one_more_for_each_twenty(
	site: Sandbox, ready: int, claimed: int, running: int, steady: float, spot: float
):
	fill(site, ready, claimed, running)
	assert ask(site, "keda/scaling.yaml") == steady
	assert Demand(*queue.demand(site.database)).workers == steady
	assert ask(site, "spot/scaling.yaml") == spot


def test_the_rights_that_the_file_gives_are_enough_and_no_more(site: Sandbox, empty_mariadb_url: str):  # noqa: F811
	db, name = site.database, f"keda_{secrets.token_hex(3)}"
	((schema,),) = db.sql("SELECT DATABASE()")
	db.execute(f"CREATE USER '{name}'@'%%' IDENTIFIED BY 'keda'")
	try:
		lines = (DEPLOY / "kubernetes/keda/scaling.yaml").read_text().splitlines()
		grants = [line.strip("# ;") for line in lines if "GRANT" in line]
		assert len(grants) == 2
		for grant in grants:
			db.execute(
				grant.replace("erp_example_com", f"`{schema}`").replace("'keda'@'%'", f"'{name}'@'%%'")
			)
		server = urlsplit(empty_mariadb_url)
		with pymysql.connect(
			host=server.hostname, port=server.port or 3306, user=name, password="keda", database=schema
		) as connection:
			with connection.cursor() as cursor:
				cursor.execute(query("spot/scaling.yaml"))
				assert cursor.fetchall() == ((0,),)
				with pytest.raises(pymysql.err.OperationalError, match="denied"):
					cursor.execute("SELECT * FROM tabSingles")
	finally:
		db.execute(f"DROP USER '{name}'@'%%'")


# Prometheus


def adapter() -> dict[str, Any]:
	(rule,) = yaml.safe_load((DEPLOY / "kubernetes/hpa/prometheus-adapter.yaml").read_text())["rules"][
		"external"
	]
	return rule


@CASES
def test_the_hpa_wants_as_many(
	tmp_path: Path, ready: int, claimed: int, running: int, steady: float, spot: float
):
	samples = {"steps_ready": ready, "steps_in_hand": claimed + running, "workers_busy": running or "_"}
	case = {
		"rule_files": [],
		"tests": [
			{
				"interval": "1m",
				"input_series": [
					{"series": f"dogansystem_{name}{{site='erp'}}", "values": str(value)}
					for name, value in samples.items()
				],
				"promql_expr_test": [
					{
						"expr": adapter()["metricsQuery"],
						"eval_time": "0m",
						"exp_samples": [{"labels": "{}", "value": steady}],
					}
				],
			}
		],
	}
	(tmp_path / "case.yaml").write_text(yaml.safe_dump(case))
	checked = run(program("promtool", "prometheus"), "test", "rules", tmp_path / "case.yaml")
	assert checked.returncode == 0, checked.stdout


def test_the_hpa_asks_for_the_metric_that_the_adapter_serves_out_of_those_of_the_app(tmp_path: Path):
	scaler = yaml.safe_load((DEPLOY / "kubernetes/hpa/autoscaler.yaml").read_text())
	asked = {each["external"]["metric"]["name"] for each in scaler["spec"]["metrics"]}
	assert asked == {adapter()["name"]["as"]}
	with Sandbox(str(tmp_path / "site.db")) as site:
		processes.register(site.database, "n1", "space", 1, "n1:1", moment(site))
		exposed = metrics(site, site.settings())
	families = set(re.findall(r"^# TYPE (\w+)", exposed, re.MULTILINE))
	used = set(re.findall(r"dogansystem_\w+", f"{adapter()['metricsQuery']} {adapter()['seriesQuery']}"))
	assert len(used) == 3
	assert used <= families
