"""What the status says of nodes."""

from dogansystem import Sandbox
from dogansystem.health import nodes as health
from dogansystem.store import nodes


def test_a_beat_by_a_clock_that_is_ahead_was_just_now_and_not_in_the_future(sandbox: Sandbox):
	db, now = sandbox.database, sandbox.now()
	db.begin()
	nodes.seen(db, {"ahead": now + 120, "behind": now - 120})
	found = health.every(sandbox, [], set(), 30.0)
	db.rollback()
	assert found["ahead"]["last_beat_seconds"] == 0
	assert found["behind"]["last_beat_seconds"] == 120
