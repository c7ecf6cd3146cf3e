"""A changed DocType, page or workspace reaches sites that have the app: its stamp is newer than before."""

from tests.unit import stamps


def test_every_changed_file_has_a_newer_stamp():
	assert stamps.unstamped(stamps.known(), stamps.found()) == [], "run python -m tests.unit.stamps"


def test_what_is_stamped_is_what_was_checked():
	assert stamps.known() == stamps.found(), "run python -m tests.unit.stamps"


def test_a_change_without_a_newer_stamp_is_noticed():
	before = {"a": ("1", "2026-01-01"), "b": ("1", "2026-01-01"), "gone": ("1", "2026-01-01")}
	now = {"a": ("2", "2026-01-01"), "b": ("2", "2026-01-02"), "new": ("1", "2026-01-01")}
	assert stamps.unstamped(before, now) == ["a", "gone", "new"]
