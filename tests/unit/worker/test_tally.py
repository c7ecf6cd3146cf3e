"""What a process has measured is taken once, and put back when it could not be written down."""

from types import SimpleNamespace

import pytest

from dogansystem.engine.outcomes import Done, Failed
from dogansystem.store import figures
from dogansystem.store.attempts import Finished
from dogansystem.worker import tally
from dogansystem.worker.tally import Effort, Tally

SITE = (figures.SITE, "")
WORK = SimpleNamespace(
	lease=SimpleNamespace(lane=4, agent="Desk", ready_at=95.0), definition=SimpleNamespace(name="flow")
)


def counted(measured: Tally) -> Tally:
	measured.add(WORK, Done("null"), Finished(), 100.0, 103.0, Effort())
	measured.add(WORK, Failed(("Timeout",), "late"), Finished(again=True), 100.0, 101.0, Effort())
	return measured


def test_an_attempt_counts_for_site_node_priority_workflow_and_agent():
	taken = counted(Tally()).take()
	kinds = {kind for kind, _ in taken}
	assert kinds == {figures.SITE, figures.NODE, figures.PRIORITY, figures.WORKFLOW, figures.AGENT}
	assert taken[SITE].outcomes == {"Succeeded": 1, figures.RETRIED: 1}


def test_what_was_taken_is_gone_until_it_is_put_back():
	measured = counted(Tally())
	taken = measured.take()
	assert measured.take() == {}
	counted(measured)
	measured.put_back(taken)
	assert measured.take()[SITE].outcomes == {"Succeeded": 2, figures.RETRIED: 2}


def test_what_writing_took_beyond_its_processor_time_is_waiting(monkeypatch: pytest.MonkeyPatch):
	clock = SimpleNamespace(now=10.0, used=1.0)
	time = SimpleNamespace(monotonic=lambda: clock.now, thread_time=lambda: clock.used)
	monkeypatch.setattr(tally, "time", time)
	effort = Effort(_began=clock.used)
	clock.now, clock.used = 12.0, 1.5
	effort.writes()
	clock.now, clock.used = 15.0, 2.0
	effort.lost()
	costs = effort.costs()
	assert (costs[figures.CPU], costs[figures.DATABASE], costs[figures.CONFLICTS]) == (1.0, 2.5, 1)
