"""Models asked outside of the attempts, within a budget.

An attempt holds locks, and a model takes its time. So an attempt ends, and is rolled back, as soon as it wants an answer that
nobody has given; the model is asked; and the attempt begins anew with the answers there are, at the same moment and with the
same documents, and comes one request further.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NoReturn

from dogansystem.actions.base import StepContext
from dogansystem.agents.ai import paid, providers
from dogansystem.agents.ai.conversation import Answer, Asked, Model, ModelBusy, ModelError
from dogansystem.engine.errors import BudgetExceeded
from dogansystem.protocol import Site
from dogansystem.proving.evals.figures import Used
from dogansystem.proving.said import Said

TRIES = 4  # of a request to a model that is busy
LONGEST_PAUSE = 60.0  # seconds between them


class Wanted(BaseException):
	"""A model is asked, and nobody has answered yet. Not an Exception, so that nothing repeats the step."""

	def __init__(self, model: Model, asked: Asked, step: str) -> None:
		super().__init__(f"step {step} asks {model.name}")
		self.model, self.asked, self.step = model, asked, step


class Replayed:
	"""In place of all models of an attempt: their answers so far, in order, and Wanted for the next one.

	Attributes:
		assumed: nothing, ever: no answer is made up.
	"""

	def __init__(self, answers: Sequence[Answer], said: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
		"""`said`: what the file pins for other steps."""
		self._left, self._pinned, self._said = list(answers), set(said), Said(said)
		self.assumed: list[dict[str, Any]] = []

	def __call__(self, model: Model, asked: Asked, step: str) -> Answer:
		"""The next answer."""
		if step in self._pinned:
			return self._said(model, asked, step)
		return self._left.pop(0) if self._left else self._want(model, asked, step)

	def _want(self, model: Model, asked: Asked, step: str) -> NoReturn:
		raise Wanted(model, asked, step)


@dataclass(slots=True)
class Asker:
	"""Asks models, and counts.

	Attributes:
		limit: what all requests together may cost, in the currency of the models' prices. They count in the site's own AI Cost
			per Day too.
		ask, clock, sleep: what does it, for tests.
	"""

	site: Site
	limit: Decimal
	ask: Callable[[Model, Asked, StepContext], Answer] = providers.ask
	clock: Callable[[], float] = time.monotonic
	sleep: Callable[[float], None] = time.sleep
	spent: Decimal = Decimal(0)
	_asked: int = field(default=0)

	def __call__(self, model: Model, asked: Asked) -> tuple[Answer, Used]:
		"""An answer, and what it has used. Raises BudgetExceeded before a request that could pass the limit, ModelBusy, ModelError."""
		for number in range(1, TRIES + 1):
			try:
				return self._once(model, asked)
			except ModelBusy as error:
				if number == TRIES:
					raise
				self.sleep(min(2.0**number if error.pause is None else error.pause, LONGEST_PAUSE))
		raise AssertionError

	def _once(self, model: Model, asked: Asked) -> tuple[Answer, Used]:
		most = paid.most(model, asked)
		if self.spent + most > self.limit:
			raise BudgetExceeded(
				f"The budget of this eval is {self.limit}; {self.spent} of it are spent, and the next request to {model.name} may cost up"
				f" to {most}. Raise it with --max-cost."
			)
		cost, began = Decimal(0), self.clock()
		try:
			found = paid.ask(model, asked, self._context(model), self.ask)
			cost = found.cost
			return found.answer, Used(1, self.clock() - began, found.tokens_in, found.tokens_out, cost)
		except (ModelBusy, ModelError) as error:
			cost = paid.of_failed(error, most)
			raise
		finally:
			self.spent += cost

	def _context(self, model: Model) -> StepContext:
		self._asked += 1
		site = self.site
		key = f"eval {id(self)} {self._asked}"
		return StepContext(site, "eval", "eval", "eval", None, 1, site.user, key, site.now(), model.timeout)
