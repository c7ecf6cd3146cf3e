"""A step that ends its own transaction is stopped with an error that says so, and leaves nothing."""

import pytest

from dogansystem import Orchestrator
from dogansystem.worker.drainer import Drainer
from tests.faults.actions import FaultSandbox
from tests.faults.load import PERSON

STATEMENTS = (
	"commit()",
	"COMMIT",
	"/* hidden */ commit",
	"-- hidden\ncommit",
	"/*! COMMIT */",
	"/*M!100000 COMMIT */",
	"EXECUTE IMMEDIATE 'COMMIT'",
	"ROLLBACK",
	"START TRANSACTION",
	"BEGIN",
	"CREATE TABLE made_in_mid_step (id INT)",
	"ALTER TABLE fault_effect ADD COLUMN made_in_mid_step INT",
	"TRUNCATE TABLE fault_effect",
	"DROP TABLE fault_effect",
	"CREATE INDEX made_in_mid_step ON fault_effect (pid)",
	"RENAME TABLE fault_effect TO elsewhere",
	"LOCK TABLES fault_effect WRITE",
	"SET autocommit = 1",
	"GRANT SELECT ON *.* TO nobody",
	"ANALYZE TABLE fault_effect",
)


@pytest.mark.parametrize("swallow", [False, True], ids=["raised", "swallowed"])
@pytest.mark.parametrize("statement", STATEMENTS)
def test_a_step_that_ends_its_transaction_is_stopped(site: FaultSandbox, statement: str, swallow: bool):
	orchestrator = Orchestrator(site)
	step = {"id": "a", "action": "fault.statement", "params": {"statement": statement, "swallow": swallow}}
	orchestrator.import_workflow({"name": "commits", "run_as": PERSON, "steps": [step]})
	run = orchestrator.start_run("commits")
	site.database.commit()
	Drainer(site, until=lambda: True).run()
	found = orchestrator.get_run(run)
	assert found["status"] == "Failed"
	assert "tried to end its own transaction" in found["error"]
	assert site.database.sql("SELECT COUNT(*) FROM fault_effect") == [(0,)]
	site.database.rollback()
