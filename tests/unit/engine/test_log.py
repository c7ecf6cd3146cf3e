"""One line for each event: a name, fields that can be read back, and a traceback where there is one."""

import json
import logging

import pytest

from dogansystem.engine import log


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
	caplog.set_level(logging.DEBUG, logger="dogansystem")
	return caplog


def test_fields_follow_the_name_and_are_in_the_record_too(lines: pytest.LogCaptureFixture):
	log.event(log.INFO, "step.end", run="r1", attempt=2, seconds=0.01234, agent=None)
	(record,) = lines.records
	assert record.getMessage() == "step.end run=r1 attempt=2 seconds=0.012"
	assert (record.event, record.fields["attempt"]) == ("step.end", 2)


@pytest.mark.parametrize("value", ["two words", 'a "quote"', "line\nline", "", "a=b", "\x1b[31m"])
def test_a_value_that_could_be_taken_for_something_else_is_quoted(
	lines: pytest.LogCaptureFixture, value: str
):
	log.event(log.INFO, "step.failed", message=value)
	_, _, shown = lines.records[0].getMessage().partition("message=")
	assert json.loads(shown) == value
	assert shown.isprintable()


def test_an_error_shows_where_it_came_from(lines: pytest.LogCaptureFixture):
	log.event(log.ERROR, "chore.failed", error=KeyError("x"))
	log.event(log.WARNING, "step.failed", traceback="Traceback …\nKeyError: 'x'\n")
	assert lines.records[0].exc_info[0] is KeyError
	assert lines.records[1].getMessage().endswith("\nKeyError: 'x'")


def test_without_a_log_only_what_nobody_handles_reaches_standard_error(capsys: pytest.CaptureFixture[str]):
	"""As in a program that has set up no logging: Python then shows warnings on standard error."""
	loggers = (
		logging.getLogger(),
		logging.getLogger("dogansystem"),
	)  # a command may have set up the second one before
	kept = [(each, each.handlers[:], each.propagate, each.level) for each in loggers]
	for each in loggers:
		each.handlers.clear()
		each.propagate = True
	try:
		log.event(log.WARNING, "step.retry", run="r1")
		log.event(log.ERROR, "chore.failed", run="r2")
	finally:
		for each, handlers, each.propagate, level in kept:
			each.handlers[:] = handlers
			each.setLevel(level)
	assert capsys.readouterr().err == "chore.failed run=r2\n"
