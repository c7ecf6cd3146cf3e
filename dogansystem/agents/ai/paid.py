"""One request to a model outside of a step. What it may cost is taken out of the site's budget of the day before it goes out."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from dogansystem.actions.base import StepContext
from dogansystem.agents.ai import prices, providers
from dogansystem.agents.ai.conversation import Answer, Asked, Model, ModelBusy, ModelError, most_tokens_in
from dogansystem.protocol import Site
from dogansystem.store import spending

Send = Callable[[Model, Asked, StepContext], Answer]


@dataclass(frozen=True, slots=True)
class Paid:
	"""An answer, and what it has used. `cost` is in the currency of the model's prices."""

	answer: Answer
	tokens_in: int
	tokens_out: int
	cost: Decimal


def most(model: Model, asked: Asked) -> Decimal:
	"""What a request may cost."""
	return prices.cost(model, most_tokens_in(asked), asked.max_tokens)


def of_failed(error: Exception, most: Decimal) -> Decimal:
	"""What a request that gave no answer counts as: all of it where it may be charged for."""
	is_refused = isinstance(error, ModelBusy | ModelError) and not error.may_have_answered
	return Decimal(0) if is_refused else most


def used(model: Model, asked: Asked, answer: Answer) -> Paid:
	"""What an answer has used. A provider that does not say so has used all that it could."""
	tokens_in = most_tokens_in(asked) if answer.tokens_in is None else answer.tokens_in
	tokens_out = asked.max_tokens if answer.tokens_out is None else answer.tokens_out
	return Paid(answer, tokens_in, tokens_out, prices.cost(model, tokens_in, tokens_out))


def of_site(site: Site) -> spending.Budget:
	"""What all AI agents of a site may cost on a day."""
	limit = prices.billionths(prices.amount(site.settings().ai_cost_per_day))
	return spending.Budget(spending.SITE, limit, "AI Cost per Day in Dogan Settings")


def ask(model: Model, asked: Asked, context: StepContext, send: Send = providers.ask) -> Paid:
	"""Ask a model. Commits before the request and after it.

	Raises BudgetExceeded before anything goes out, and what `send` raises.
	"""
	site, at_most = context.site, most(model, asked)
	day = _reserve(site, at_most)
	cost = at_most
	try:
		paid = used(model, asked, send(model, asked, context))
		cost = paid.cost
		return paid
	except (ModelBusy, ModelError) as error:
		cost = of_failed(error, at_most)
		raise
	finally:
		db = site.database
		db.rollback()
		spending.correct(db, [spending.SITE], day, prices.billionths(cost) - prices.billionths(at_most))
		db.commit()


def _reserve(site: Site, amount: Decimal) -> str:
	"""Take it out of the site's budget of the day; gives the day."""
	db = site.database
	day = str(site.local_time(site.now()).date())
	try:
		spending.reserve(db, [of_site(site)], day, prices.billionths(amount))
	except BaseException:
		db.rollback()
		raise
	db.commit()
	return day
