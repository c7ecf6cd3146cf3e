"""`kill -9` of processes whose agents call the tools of a server: what went out again is known there by its key."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from dogansystem.store import faults
from tests import scale
from tests.conftest import Tell
from tests.faults.actions import FaultSandbox
from tests.faults.load import PERSON, RETRY, Load
from tests.faults.workers import Way, working
from tests.unit.agents.tool_server import ADD, ToolServer, serving, text

POINTS = ("step.before_commit", "step.after_commit", *faults.AGENT_POINTS)
SCRIPT = [{"turn": 1, "call": {"tool": "Sums_add", "params": {"a": 1, "b": 2}}}, {"turn": 2, "text": "Done."}]
ASK = {"id": "ask", "action": "agent.ask", "params": {"agent": "Clerk", "prompt": "Add"}, "retry": RETRY}
ASKS = {"name": "asks", "run_as": PERSON, "steps": [ASK]}


@pytest.fixture
def server(site: FaultSandbox, load: Load, tmp_path: Path) -> Iterator[ToolServer]:
	"""A tool server, and an agent that may call it without asking."""
	with serving(tools=[ADD], call=lambda name, given: text("3")) as found:
		tool = {"tool_name": "add", "allowed": 1, "definition": ADD}
		given = {"server": "Sums", "server_tool": "add", "approval": "never"}
		site.set_settings(allow_private_network=1)
		site.load_documents(
			[
				{
					"doctype": "Dogan Model",
					"name": "Told",
					"provider": "scripted",
					"model": str(tmp_path / "asked"),
					"script": SCRIPT,
				},
				{"doctype": "Dogan Tool Server", "name": "Sums", "address": found.url, "tools": [tool]},
				{
					"doctype": "Dogan Agent",
					"name": "Clerk",
					"user": PERSON,
					"model": "Told",
					"tools": [given],
					"capacity": 3,
				},
			]
		)
		load.orchestrator.import_workflow(ASKS)
		site.database.commit()
		yield found


@pytest.mark.parametrize("point", POINTS)
def test_a_call_that_goes_out_again_has_the_key_that_it_had(
	url: str, load: Load, server: ToolServer, tell: Tell, point: str
):
	hits = scale.of([1, 2], list(range(1, 16)))
	for hit in hits:
		for _ in range(hit):
			load.orchestrator.start_run("asks")
		load.site.database.commit()
		with working(url, 1, lambda position: Way(point=point, hit=hit)) as workers:
			workers[0].process.join(60)
			assert workers[0].process.exitcode == -9, f"nobody came by {point}"
	with working(url, 2):
		load.wait_until_done(60, load.tick)
	started = sum(hits)
	keys = Counter(
		headers["idempotency-key"]
		for _verb, headers, said in server.received
		if said["method"] == "tools/call"
	)
	again = keys.total() - len(keys)
	assert load.ask("SELECT status, COUNT(*) FROM `tabDogan Workflow Run` GROUP BY status") == [
		("Succeeded", started)
	]
	assert len(keys) == started
	assert again <= len(hits)
	tell(
		"kill -9 at calls of a tool server",
		kills=len(hits),
		calls=started,
		sent_again=again,
		lost=started - len(keys),
	)
