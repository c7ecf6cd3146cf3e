"""Upserts of one key at the same time: one document, whoever comes first."""

import threading
from typing import Any

from dogansystem import Orchestrator
from dogansystem.homes.sandbox import Sandbox
from dogansystem.worker.drainer import Drainer

RUNS, WORKERS = 12, 4
PARAMS: dict[str, Any] = {
	"doctype": "Customer",
	"key": {"name": "Çelik"},
	"values": {"seen": "{{ input.number }}"},
}


def test_upserts_of_one_name_at_the_same_time_make_one_document(sandbox: Sandbox) -> None:
	sandbox.set_settings(linger_seconds=0)
	orchestrator = Orchestrator(sandbox)
	orchestrator.import_workflow(
		{"name": "keep", "steps": [{"id": "keep", "action": "document.upsert", "params": PARAMS}]}
	)
	runs = [orchestrator.start_run("keep", {"number": number}) for number in range(RUNS)]
	sandbox.database.commit()

	workers = [
		threading.Thread(target=lambda: Drainer(sandbox, until=lambda: True).run()) for _ in range(WORKERS)
	]
	for worker in workers:
		worker.start()
	for worker in workers:
		worker.join()
	Drainer(sandbox, until=lambda: True).run()

	found = [orchestrator.get_run(run) for run in runs]
	assert [each["error"] for each in found if each["status"] != "Succeeded"] == []
	created = [each["steps"][0]["output"]["created"] for each in found]
	assert sorted(created) == [False] * (RUNS - 1) + [True]
	assert sandbox.documents.count("Customer") == 1
