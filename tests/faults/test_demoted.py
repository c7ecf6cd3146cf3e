"""A primary that was demoted, and its workers stay connected to it: they wait, and nothing counts against a step."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dogansystem import Orchestrator
from tests.faults.actions import FaultSandbox
from tests.faults.conftest import LEASE
from tests.faults.load import PERSON, wait_for
from tests.faults.server import Server
from tests.faults.workers import working

STEP = 0.7  # seconds that the step takes
OUTAGE = 2.0  # seconds


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
	with Server(tmp_path) as server:
		yield server


def test_a_step_that_meets_a_demoted_server_is_done_as_soon_as_it_can(server: Server):
	url = server.new_database("demoted").replace("root@", "person@")
	with server.connect() as connection, connection.cursor() as cursor:
		cursor.execute("CREATE USER person@'127.0.0.1'")
		cursor.execute("GRANT ALL ON demoted.* TO person@'127.0.0.1'")
		with FaultSandbox(url) as site, working(url, 1) as workers:
			site.set_settings(lease_seconds=LEASE, linger_seconds=1)
			orchestrator = Orchestrator(site)
			step = {
				"id": "a",
				"action": "fault.effect",
				"params": {"seconds": STEP},
			}  # it may fail once, and no more
			orchestrator.import_workflow({"name": "once", "run_as": PERSON, "steps": [step]})
			run = orchestrator.start_run("once")
			site.database.commit()
			held = "SELECT COUNT(*) FROM demoted.dogan_lease WHERE begun_at IS NOT NULL"
			wait_for(lambda: cursor.execute(held) and cursor.fetchone() == (1,))
			cursor.execute("SET GLOBAL read_only = 1")
			time.sleep(STEP + OUTAGE)
			assert workers[0].is_alive
			cursor.execute("SET GLOBAL read_only = 0")
			wait_for(
				lambda: (
					site.database.rollback() or orchestrator.get_run(run)["status"] in ("Succeeded", "Failed")
				)
			)
			ended = orchestrator.get_run(run)
	assert (ended["status"], ended["steps"][0]["attempts"]) == ("Succeeded", 1), ended
