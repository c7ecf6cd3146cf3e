"""One short question to a model, to see that it can be asked as it is set up."""

import secrets
from typing import Any

from dogansystem.actions.base import StepContext
from dogansystem.agents.ai import prices, providers, setup
from dogansystem.agents.ai.conversation import Asked, Message, most_tokens_in
from dogansystem.protocol import Site
from dogansystem.store import spending

QUESTION = "Answer with one word: ready."
MAX_ANSWER = 256  # tokens: some models think before they say a word
PATIENCE = 30.0  # seconds that a person waits


def try_model(site: Site, name: str) -> dict[str, Any]:
	"""Ask a model: its `answer`, `seconds`, `tokens` in and out, and `cost`. It counts against the site's budget.

	Commits what it may cost before it asks. Raises NotFound, BudgetExceeded, ModelBusy or ModelError.
	"""
	db, model = site.database, setup.model_of(site.database, name)
	asked = Asked("", (Message("user", QUESTION),), (), min(model.max_answer, MAX_ANSWER))
	most_in = most_tokens_in(asked)
	most = prices.billionths(prices.cost(model, most_in, asked.max_tokens))
	began_at = site.now()
	day = str(site.local_time(began_at).date())
	limit = prices.billionths(prices.amount(site.settings().ai_cost_per_day))
	spending.reserve(
		db, [spending.Budget(spending.SITE, limit, "AI Cost per Day in Dogan Settings")], day, most
	)
	db.commit()
	context = StepContext(
		site=site,
		run="",
		workflow="",
		step="try",
		item=None,
		attempt=1,
		user=site.user,
		idempotency_key=f"try:{secrets.token_hex(8)}",
		now=began_at,
		timeout=min(model.timeout, PATIENCE),
	)
	answer = providers.ask(model, asked, context)
	seconds = site.now() - began_at
	tokens_in = most_in if answer.tokens_in is None else answer.tokens_in
	tokens_out = asked.max_tokens if answer.tokens_out is None else answer.tokens_out
	cost = prices.cost(model, tokens_in, tokens_out)
	spending.correct(db, [spending.SITE], day, prices.billionths(cost) - most)
	return {
		"question": QUESTION,
		"answer": answer.text,
		"seconds": seconds,
		"tokens": {"in": tokens_in, "out": tokens_out},
		"cost": float(cost),
	}
