"""Statements that are executed together: which are left out, which keep the rest from being executed, and what is committed."""

import pytest

from dogansystem import Sandbox
from dogansystem.protocol import Statement

ADD = "INSERT INTO dogan_state (name, value) VALUES (%s, %s)"
THERE = "SELECT 1 FROM dogan_state WHERE name = 'there'"
NOT_THERE = "SELECT 1 FROM dogan_state WHERE name = 'not there'"
CHANGE = "UPDATE dogan_state SET value = value + 1 WHERE name = %s"


def values(sandbox: Sandbox) -> dict[str, float]:
	rows = sandbox.database.sql("SELECT name, value FROM dogan_state WHERE name IN ('there', 'a', 'b', 'c')")
	return {str(name): float(value) for name, value in rows}


@pytest.fixture
def there(sandbox: Sandbox) -> Sandbox:
	sandbox.database.execute(ADD, ("there", 1))
	sandbox.database.commit()
	return sandbox


def test_what_is_given_nothing_is_left_out_and_the_rest_is_executed(there: Sandbox):
	statements = [
		Statement(ADD, ("a", 1), given=THERE),
		Statement(ADD, ("b", 2), given=NOT_THERE),
		Statement(CHANGE, ("there",), must=True),
		Statement(ADD, ("c", 3), given=THERE),
	]
	assert there.database.together(statements, commit=True) is None
	there.database.rollback()
	assert values(there) == {"there": 2, "a": 1, "c": 3}


@pytest.mark.parametrize("given", [THERE, NOT_THERE, ""])
def test_the_number_of_what_is_unfit_counts_what_stood_before_it(there: Sandbox, given: str):
	statements = [
		Statement(CHANGE, ("there",), must=True),
		Statement(ADD, ("a", 1), given=given),
		Statement(CHANGE, ("nobody",), must=True),
		Statement(ADD, ("b", 2)),
	]
	assert there.database.together(statements, commit=True) == 2
	found = values(there)
	assert (found["there"], "a" in found, "b" in found) == (2, given != NOT_THERE, False)
	there.database.rollback()
	assert values(there) == {"there": 1}


def test_a_question_without_an_answer_keeps_the_rest_from_being_executed(there: Sandbox):
	statements = [
		Statement(ADD, ("a", 1), given=THERE),
		Statement(NOT_THERE, (), asks=True),
		Statement(ADD, ("b", 2)),
	]
	assert there.database.together(statements, commit=True) == 1
	there.database.rollback()
	assert values(there) == {"there": 1}
