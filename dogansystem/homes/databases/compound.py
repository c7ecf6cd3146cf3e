"""Several statements as one, for MariaDB: a round trip costs more than most of them."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from dogansystem.protocol import Statement

UNFIT = 30_000  # and the number of the statement; MariaDB's own errors end below 5,000
MAX_STATEMENTS = 1_000


def together(
	execute: Callable[[str, Sequence[Any]], object],
	errors: tuple[type[BaseException], ...],
	statements: Sequence[Statement],
	*,
	commit: bool,
) -> int | None:
	"""Execute statements in one round trip, as `Database.together` says; one more for each that is `given` what it asks for.

	`execute` sends one statement and raises one of `errors`.
	"""
	try:
		execute(text(statements, commit=commit), values(statements))
		return None
	except errors as error:
		number = unfit(error)
		if number is None:
			raise
	if not statements[number].given:
		return number
	rest = [replace(statements[number], given=""), *statements[number + 1 :]]
	found = together(execute, errors, rest, commit=commit)
	return None if found is None else number + found


def text(statements: Sequence[Statement], *, commit: bool) -> str:
	"""One compound statement that executes all, ends with COMMIT if asked, and raises an error at the first whose check
	fails, or which is given what it asks for: that is rare, and its text would be read each time. If none does, the answer is
	a single packet: a result set would cost as much again to read."""
	parts = []
	for number, each in enumerate(statements):
		signal = f"THEN SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = {UNFIT + number}, MESSAGE_TEXT = 'unfit'; END IF;"
		if each.asks:
			parts.append(f"IF NOT EXISTS ({each.query} LOCK IN SHARE MODE) {signal}")
		elif each.must:
			parts.append(f"{each.query}; IF ROW_COUNT() = 0 {signal}")
		elif each.given:
			parts.append(f"IF EXISTS ({each.given} LOCK IN SHARE MODE) {signal}")
		else:
			parts.append(f"{each.query};")
	return " ".join(["BEGIN NOT ATOMIC", *parts, *(["COMMIT;"] if commit else []), "END"])


def values(statements: Sequence[Statement]) -> list[Any]:
	"""The values of all whose text is there, in their order."""
	return [value for each in statements if not each.given for value in each.values]


def unfit(error: BaseException) -> int | None:
	"""The number of the statement whose check failed, if this error says so."""
	code = error.args[0] if error.args else None
	return code - UNFIT if isinstance(code, int) and UNFIT <= code < UNFIT + MAX_STATEMENTS else None
