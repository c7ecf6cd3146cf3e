"""What an error is called, for `retry: {on: […]}`."""

import pytest

from dogansystem.engine.definition import Retry
from dogansystem.engine.errors import InputError, Timeout, error_names
from dogansystem.engine.retry import is_retried


@pytest.mark.parametrize("error", [ValueError("x"), Timeout("x"), InputError("x"), ConnectionResetError()])
def test_exception_means_every_error(error: Exception) -> None:
	assert is_retried(Retry(on=("Exception",)), error_names(error))


def test_an_error_is_known_by_its_class_and_its_parents_nearest_first() -> None:
	assert error_names(ConnectionResetError()) == (
		"ConnectionResetError",
		"ConnectionError",
		"OSError",
		"Exception",
	)
	assert not is_retried(Retry(on=("ConnectionError",)), error_names(ValueError("x")))
	assert not is_retried(Retry(), error_names(InputError("x")))
