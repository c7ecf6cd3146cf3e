"""A step that ends its own transaction is stopped with an error that says so, and leaves nothing."""

import pytest

from dogansystem import Orchestrator
from dogansystem.homes.databases.statements import ends_transaction
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
	"CALL commits()",
	"EXECUTE prepared",
	"PREPARE prepared FROM 'COMMIT'",
	"SET @a = 1, autocommit = 1",
	"SET LOCAL autocommit = 1",
	"SET STATEMENT max_statement_time = 9 FOR COMMIT",
	"SET PASSWORD = ''",
	"SET DEFAULT ROLE NONE",
	"IF 1 THEN COMMIT; END IF",
	"CASE WHEN 1 THEN COMMIT; END CASE",
	"WHILE 0 DO COMMIT; END WHILE",
	"label: BEGIN NOT ATOMIC COMMIT; END",
	"BEGIN NOT ATOMIC COMMIT; END",
	"(/* hidden */ commit)",
	"# hidden\n# more\ncommit",
	"START SLAVE",
	"BACKUP STAGE START",
	"KILL 1",
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


@pytest.mark.parametrize(
	"statement",
	[
		"SELECT 1", "  (SELECT 1)", "/* why */ SELECT '*/ COMMIT'", "-- why\nSELECT 1", "WITH a AS (SELECT 1) SELECT * FROM a", "SAVEPOINT a",
		"ROLLBACK TO a", "rollback work to savepoint a", "RELEASE SAVEPOINT a", "CREATE TEMPORARY TABLE a (b INT)", "drop temporary table a",
		"SET @a = 'x'", "SET SESSION max_statement_time = 9", "DO SLEEP(0)", "insert into a values ('commit')", "UPDATE a SET b = 'begin'",
		"ANALYZE FORMAT=JSON SELECT 1", "show tables", "DESC a", "EXPLAIN SELECT 1", "REPLACE INTO a VALUES (1)", "DELETE FROM a", "",
	],
)  # fmt: skip
def test_what_leaves_the_transaction_alone_is_allowed(statement: str):
	assert not ends_transaction(statement)
