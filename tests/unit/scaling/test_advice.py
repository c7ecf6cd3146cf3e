"""Advice says one thing once: its parts agree with each other."""

from dataclasses import replace

from dogansystem.protocol import Settings
from dogansystem.scaling import advice
from dogansystem.scaling.evidence import Evidence, Line, Load, Queue
from dogansystem.scaling.report import as_text
from tests.unit.scaling.made_up import evidence_of, machine, steps


def idle_on_a_small_machine() -> Evidence:
	"""Four workers where ten may work, steps that compute, nothing that waits."""
	workers = replace(evidence_of().workers, listening={"n1": 4}, alive=4, busy=1)
	load = Load(peak=2.0, mean=1.0, busy=0.1, hours=24.0)
	small = (machine("n1", cores=2.0),)
	return evidence_of(recent=steps(cpu=0.09), machines=small, workers=workers, load=load)


def text(evidence: Evidence, target: str | None) -> str:
	found = advice.judge(evidence, Settings(num_workers=10), target)
	return " ".join(as_text(advice.sections(found)).split())


def test_an_idle_site_with_a_target_is_not_told_that_nothing_has_to_be_done():
	said = text(idle_on_a_small_machine(), "2x")
	assert "a machine with 16 is needed" in said
	assert "Nothing has to be done" not in said
	assert "a smaller machine, or fewer workers, would do" not in said


def test_an_idle_site_without_a_target_has_nothing_to_do():
	said = text(idle_on_a_small_machine(), None)
	assert "Nothing has to be done" in said and "Capacity is enough" in said


def test_where_fewer_workers_run_than_may_it_says_which_number_counts():
	said = text(idle_on_a_small_machine(), "2x")
	assert (
		"Workers per Node in Dogan Settings is 10, but a node runs 4 workers: that number counts here."
		in said
	)
	assert "now 1 4 " in said  # nodes, and workers on each
	assert "Workers per Node" not in text(evidence_of(), "2x")


def test_what_has_to_be_done_first_is_said_once():
	line = Line("agent:Ada", 40, 1, 1)
	for target in (None, "2x", "5x"):
		said = text(evidence_of(queue=Queue(in_line=40.0, lines=(line,))), target)
		assert said.count("Raise the capacity of the agent Ada") == 1
