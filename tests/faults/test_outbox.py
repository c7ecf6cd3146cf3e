"""A document and the run it starts are one transaction: no run without its document, no document without its run."""

import multiprocessing
import os
import signal
from random import Random

from tests import scale
from tests.conftest import Tell
from tests.faults.actions import FaultSandbox
from tests.faults.load import PERSON, Load, effect
from tests.faults.workers import working

SAVERS = scale.of(6, 60)
MOST = 30  # documents one of them saves before it is killed between a commit and its ring

_context = multiprocessing.get_context("forkserver")


def test_every_committed_document_has_its_run_and_no_other_has_one(
	url: str, site: FaultSandbox, load: Load, tell: Tell
):
	load.orchestrator.import_workflow(
		{
			"name": "on-todo",
			"run_as": PERSON,
			"triggers": [{"on": "document", "doctype": "ToDo", "event": "created"}],
			"steps": [effect("a")],
		}
	)
	site.database.commit()
	savers = [_context.Process(target=_save, args=(url, seed)) for seed in range(SAVERS)]
	for together in range(0, SAVERS, 3):
		for saver in savers[together : together + 3]:
			saver.start()
		for saver in savers[together : together + 3]:
			saver.join(30)
			assert saver.exitcode == -signal.SIGKILL
	documents = {row[0] for row in load.ask("SELECT name FROM sandbox_document WHERE doctype = 'ToDo'")}
	runs = load.ask("SELECT name, reference_name FROM `tabDogan Workflow Run`")
	assert {row[1] for row in runs} == documents
	assert len(runs) == len(documents) > SAVERS
	load.started = {}
	with working(url, 2):
		load.wait_until_done(30, load.tick)
	acted = load.ask("SELECT COUNT(*), COUNT(DISTINCT step_run) FROM fault_effect")
	assert acted == [(len(documents), len(documents))]
	tell(
		"document and run", killed_after_commit=SAVERS, documents=len(documents), runs_lost=0, runs_too_many=0
	)


def _save(url: str, seed: int) -> None:
	"""Save documents, every other one rolled back, until it is killed after a commit and before the ring."""
	chance = Random(seed)
	with FaultSandbox(url) as site:
		rings = 0
		last = chance.randint(2, MOST)

		def ring() -> None:
			nonlocal rings
			rings += 1
			if rings == last:
				os.kill(os.getpid(), signal.SIGKILL)

		site.doorbell.ring = ring  # type: ignore[method-assign]
		while True:
			with site.acting_as(PERSON):
				site.documents.create("ToDo", {"description": "made in a transaction"})
			site.database.commit() if chance.random() < 0.5 else site.database.rollback()
