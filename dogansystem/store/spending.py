"""What models may cost: reserved before a request goes out, so that many at once are never over a limit. In billionths.

A row for each subject and day. What was reserved and of which nobody has heard again counts as spent.
"""

from dataclasses import dataclass

from dogansystem.engine.errors import BudgetExceeded
from dogansystem.protocol import Database
from dogansystem.store import dialect

SITE = "site"


@dataclass(frozen=True, slots=True)
class Budget:
	"""What may be spent on a subject in a day. `name` is what people call the limit."""

	subject: str
	limit: int
	name: str


def of_agent(agent: str) -> str:
	"""The subject of an agent's budget."""
	return f"agent:{agent}"


def reserve(db: Database, budgets: list[Budget], day: str, cost: int) -> None:
	"""Take a cost out of several budgets of a day. Raises BudgetExceeded, and the caller rolls back.

	Each is one statement that changes the row only if there is room: whoever else wants it waits for this transaction.
	"""
	for budget in sorted(budgets, key=lambda each: each.subject):
		_ensure(db, budget.subject, day)
		changed = db.execute(
			"UPDATE dogan_spending SET cost = cost + %s, requests = requests + 1 WHERE subject = %s AND day = %s"
			" AND cost + %s <= %s",
			(cost, budget.subject, day, cost, budget.limit),
		)
		if not changed:
			raise BudgetExceeded(
				f"{budget.name} is {as_text(budget.limit)}; {as_text(spent(db, budget.subject, day))} of it are spent or"
				f" reserved on {day}, and the next request may cost up to {as_text(cost)}. Raise the limit, or wait for"
				" another day."
			)


def correct(db: Database, subjects: list[str], day: str, difference: int) -> None:
	"""What was reserved has cost more or less."""
	for subject in sorted(subjects):
		query = "UPDATE dogan_spending SET cost = cost + %s WHERE subject = %s AND day = %s"
		db.execute(query, (difference, subject, day))


def spent(db: Database, subject: str, day: str) -> int:
	"""What was spent or is reserved on a day."""
	row = dialect.first(
		db.sql("SELECT cost FROM dogan_spending WHERE subject = %s AND day = %s", (subject, day))
	)
	return int(row[0]) if row else 0


def _ensure(db: Database, subject: str, day: str) -> None:
	ignore = "INSERT IGNORE" if db.dialect == "mariadb" else "INSERT OR IGNORE"
	query = f"{ignore} INTO dogan_spending (subject, day, cost, requests) VALUES (%s, %s, 0, 0)"
	if not db.sql("SELECT 1 FROM dogan_spending WHERE subject = %s AND day = %s", (subject, day)):
		db.execute(query, (subject, day))


def as_text(billionths: int) -> str:
	"""An amount as people read it."""
	whole, rest = divmod(billionths, 10**9)
	return f"{whole}.{rest:09d}".rstrip("0").rstrip(".")
