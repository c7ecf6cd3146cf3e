"""What the steps do: append to the list of their run in their own transaction, and write down what they saw in it."""

import os
import secrets
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from dogansystem.actions.base import Action, StepContext
from dogansystem.homes.sandbox import Sandbox
from tests.faults.failover.checker import Append

OUTSIDE = "DOGAN_TEST_OUTSIDE"  # environment variable: the file that is outside of the database
# No unique key but the position: whatever happens twice is there twice.
TABLE = (
	"CREATE TABLE IF NOT EXISTS failover_list (id BIGINT AUTO_INCREMENT PRIMARY KEY, run VARCHAR(140) NOT NULL,"
	" step VARCHAR(140) NOT NULL, item INT NOT NULL, attempt INT NOT NULL, token VARCHAR(40) NOT NULL,"
	" saw TEXT NOT NULL, KEY (run)) ENGINE=InnoDB CHARACTER SET=utf8mb4 COLLATE=utf8mb4_unicode_ci"
)


class AppendToList(Action):
	"""Takes `seconds`, then appends; its first `failures` attempts fail behind that. Its output is the token."""

	name: ClassVar[str] = "failover.append"
	summary: ClassVar[str] = "Append to the list of the run"
	parameters: ClassVar[Mapping[str, Any]] = {"type": "object"}
	returns: ClassVar[str] = "the token of the entry"

	def run(self, params: dict[str, Any], context: StepContext) -> Any:
		# First: whoever loses the database in this time, or its lease, has nothing yet that tells it.
		time.sleep(params.get("seconds", 0))
		token = append(context)
		if context.attempt <= params.get("failures", 0):
			raise ConnectionError(f"attempt {context.attempt} fails")
		return token


class Outside(AppendToList):
	"""The same, and something outside of the database, which no rollback undoes."""

	name: ClassVar[str] = "failover.outside"
	summary: ClassVar[str] = "Do something outside, and append"
	external: ClassVar[bool] = True

	def run(self, params: dict[str, Any], context: StepContext) -> Any:
		with Path(os.environ[OUTSIDE]).open("a") as file:
			file.write(f"{context.idempotency_key}\n")
		return super().run(params, context)


def append(context: StepContext) -> str:
	"""Append to the list of the run, after a look at it; gives the token of the entry."""
	database = context.site.database
	saw = database.sql("SELECT token FROM failover_list WHERE run = %s", (context.run,))
	token = secrets.token_hex(8)
	item = 0 if context.item is None else context.item + 1
	database.execute(
		"INSERT INTO failover_list (run, step, item, attempt, token, saw) VALUES (%s, %s, %s, %s, %s, %s)",
		(context.run, context.step, item, context.attempt, token, " ".join(row[0] for row in saw)),
	)
	return token


def appended(site: Sandbox) -> list[Append]:
	"""The lists of all runs as they are now, in order."""
	rows = site.database.sql("SELECT run, step, item, token, saw FROM failover_list ORDER BY id")
	site.database.rollback()
	return [Append(run, (step, item), token, frozenset(saw.split())) for run, step, item, token, saw in rows]


class ListSandbox(Sandbox):
	"""A sandbox that has these actions."""

	def __init__(self, *arguments: Any, **options: Any) -> None:
		super().__init__(*arguments, **options)
		for action in (AppendToList, Outside):
			self.add_action(f"{action.__module__}.{action.__name__}")
