"""A site without a database, for what the worker decides by itself."""

from typing import Any

from dogansystem.protocol import Settings


class Conflict(Exception):
	"""The transaction lost against another one."""


class Lost(Exception):
	"""The connection is gone."""


class FakeDatabase:
	"""Counts how its transactions end."""

	def __init__(self) -> None:
		self.commits = self.rollbacks = 0
		self.ended: list[str] = []

	def end(self, name: str) -> bool:
		self.ended.append(name)
		return True

	def sql(self, query: str, values: Any = ()) -> list[Any]:
		return []

	def commit(self) -> None:
		self.commits += 1

	def rollback(self) -> None:
		self.rollbacks += 1

	def is_conflict(self, error: BaseException) -> bool:
		return isinstance(error, Conflict)

	def is_lost(self, error: BaseException) -> bool:
		return isinstance(error, Lost)


class FakeSite:
	"""What the worker asks of a site apart from its rows. `reported` are the unexpected errors."""

	name = "fake"

	def __init__(self) -> None:
		self.control, self.database = FakeDatabase(), FakeDatabase()
		self.is_to_stop = False
		self.reported: list[str] = []

	def open_control(self) -> Any:
		return self.control

	def stop_requested(self) -> bool:
		return self.is_to_stop

	def settings(self) -> Settings:
		return Settings()

	def report(self, title: str, traceback: str, run: str | None = None) -> bool:
		self.reported.append(title)
		return True
