"""A workflow of somebody who may not lend the permissions of others goes to agents with its own user only.

On a bench that is a Dogan Manager's workflow (dogansystem/tests/test_security.py); here its version is written as such.
"""

from typing import Any

import pytest

from dogansystem import Orchestrator, Sandbox
from dogansystem.engine.definitions.parse import parse
from dogansystem.engine.errors import NotAllowed
from dogansystem.store import versions
from dogansystem.store.moment import moment
from dogansystem.worker.drainer import Drainer
from tests.integration.sandbox.conftest import (  # noqa: F401
	clock,
	empty_mariadb_url,
	mariadb_url,
	new_mariadb_url,
	sandbox,
	url,
)

OWN, BOSS = "manager@example.com", "boss@example.com"


def save(site: Sandbox, name: str, *, trusted: bool, **step: Any) -> None:
	"""A workflow with one step that says who does it."""
	source = {"name": name, "run_as": OWN, "steps": [{"id": "a", "action": "data.set", "params": {"who": "{{ user }}"}, **step}]}  # fmt: skip
	site.catalog.save_workflow(parse(source), True)
	if not trusted:
		other = {**source, "title": "as a manager wrote it"}
		version = versions.publish(site.database, parse(other), moment(site), OWN, trusted=False)
		site.database.execute(
			"UPDATE `tabDogan Workflow` SET current_version = %s WHERE name = %s", (version, name)
		)
	site.database.commit()


def run(front: Orchestrator, workflow: str) -> dict[str, Any]:
	name = front.start_run(workflow)
	front.site.database.commit()
	Drainer(front.site, until=lambda: True).run()
	front.site.database.rollback()
	return front.get_run(name)


def test_a_named_agent_of_somebody_else_refuses_the_start(sandbox: Sandbox) -> None:  # noqa: F811
	front = Orchestrator(sandbox)
	front.register_agent("Boss", BOSS)
	save(sandbox, "mine", trusted=False, agent="Boss")
	with pytest.raises(NotAllowed, match=r"acts as manager@example\.com"):
		front.start_run("mine")


def test_a_capability_leads_to_ones_own_agent_even_if_another_is_less_busy(sandbox: Sandbox) -> None:  # noqa: F811
	front = Orchestrator(sandbox)
	front.register_agent("A Boss", BOSS, ["mail"], capacity=9)
	front.register_agent("Mine", OWN, ["mail"])
	save(sandbox, "mine", trusted=False, capability="mail")
	save(sandbox, "theirs", trusted=True, capability="mail")
	assert run(front, "mine")["steps"][0]["output"] == {"who": OWN}
	assert run(front, "theirs")["steps"][0]["output"] == {"who": BOSS}


def test_an_agent_that_changes_hands_after_the_start_fails_the_step(sandbox: Sandbox) -> None:  # noqa: F811
	front = Orchestrator(sandbox)
	front.register_agent("Mine", OWN)
	save(sandbox, "mine", trusted=False, agent="Mine")
	name = front.start_run("mine")
	front.register_agent("Mine", BOSS)
	sandbox.database.commit()
	Drainer(sandbox, until=lambda: True).run()
	sandbox.database.rollback()
	found = front.get_run(name)
	assert found["status"] == "Failed"
	assert found["error"].type == "NotAllowed"


def test_an_own_agent_that_is_disabled_is_waited_for_and_blocks_nobody(sandbox: Sandbox) -> None:  # noqa: F811
	front = Orchestrator(sandbox)
	front.register_agent("Boss", BOSS, ["mail"])
	front.register_agent("Mine", OWN, ["mail"], enabled=False)
	save(sandbox, "mine", trusted=False, capability="mail")
	save(sandbox, "theirs", trusted=True, capability="mail")
	assert run(front, "mine")["status"] != "Failed"
	assert run(front, "theirs")["status"] == "Succeeded"


def test_a_version_stays_what_it_was_written_as(sandbox: Sandbox) -> None:  # noqa: F811
	save(sandbox, "mine", trusted=False)
	known = sandbox.database.sql("SELECT name, trusted FROM `tabDogan Workflow Version` ORDER BY version")
	assert [trusted for _, trusted in known] == [1, 0]
	definition = versions.load(sandbox, known[1][0])
	assert (definition.only_as, definition.steps[0].only_as) == (OWN, OWN)
	again = versions.publish(sandbox.database, definition, moment(sandbox), BOSS, trusted=True)
	assert again == known[1][0], "the same definition saved again is no new version, and lends nothing"
