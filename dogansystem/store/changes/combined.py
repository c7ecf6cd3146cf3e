"""Statements that are executed together, and rows that are inserted in bulk behind them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from dogansystem.protocol import Statement
from dogansystem.store import dialect

MANY = 20  # rows of one kind, above which they are inserted in bulk, outside of the compound statement


@dataclass(slots=True)
class Plan:
	"""What is executed. `guards`, `fence` and `begins` are the numbers of statements that may be unfit, if there are such.

	`bulk`: many rows, inserted after the statements.
	"""

	statements: list[Statement] = field(default_factory=list)
	bulk: list[tuple[str, list[tuple[Any, ...]]]] = field(default_factory=list)
	guards: list[int] = field(default_factory=list)
	fence: int | None = None
	begins: int | None = None

	def add(self, statements: Iterable[Statement]) -> None:
		"""Execute these as well."""
		self.statements += statements

	def insert(self, table: str, columns: str, values: list[tuple[Any, ...]]) -> None:
		"""Insert rows: a few with the other statements, many behind them."""
		if not values:  # nearly always: nothing to be made ready for it
			return
		marks = dialect.marks(columns.split(","))
		if len(values) > MANY:
			self.bulk.append((f"INSERT INTO `{table}` ({columns}) VALUES ({marks})", values))
		else:
			places = ", ".join([f"({marks})"] * len(values))
			flat = [value for row in values for value in row]
			self.statements.append(Statement(f"INSERT INTO `{table}` ({columns}) VALUES {places}", flat))
