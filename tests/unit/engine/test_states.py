"""The table of transitions, against the pictures people draw of it."""

from itertools import product

from dogansystem.engine.states import (
	RUN_FINISHED,
	RUN_STATES,
	RUN_TRANSITIONS,
	STEP_FINISHED,
	STEP_STATES,
	STEP_TRANSITIONS,
	may_run_change,
	may_step_change,
)


def test_every_pair_of_states_is_either_allowed_or_not_exactly_as_the_table_says():
	for old, new in product(RUN_STATES, RUN_STATES):
		assert may_run_change(old, new) == (new in RUN_TRANSITIONS[old])
	for old, new in product(STEP_STATES, STEP_STATES):
		assert may_step_change(old, new) == (new in STEP_TRANSITIONS[old])


def test_unknown_states_lead_nowhere():
	assert not may_run_change("Lost", "Running")
	assert not may_step_change("Lost", "Running")


def test_no_state_leads_to_itself_and_every_state_is_known():
	for table in (RUN_TRANSITIONS, STEP_TRANSITIONS):
		for old, news in table.items():
			assert old not in news
			assert news <= set(table)


def test_a_finished_run_or_step_only_opens_again_by_a_retry():
	assert {new for old in RUN_FINISHED for new in RUN_TRANSITIONS[old]} == {"Running"}
	assert {new for old in STEP_FINISHED for new in STEP_TRANSITIONS[old]} == {"Pending", "Compensated"}


def test_every_state_can_be_reached_and_every_unfinished_one_can_end():
	for table, first, finished in (
		(RUN_TRANSITIONS, "Queued", RUN_FINISHED),
		(STEP_TRANSITIONS, "Pending", STEP_FINISHED),
	):
		assert reachable(table, first) == set(table)
		for state in table:
			assert reachable(table, state) & finished


def reachable(table, first):
	found, new = set(), {first}
	while new:
		found |= new
		new = {after for state in new for after in table[state]} - found
	return found
