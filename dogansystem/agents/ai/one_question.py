"""One short question to a model, to see that it can be asked as it is set up."""

import secrets
from typing import Any

from dogansystem.actions.base import StepContext
from dogansystem.agents.ai import paid, setup
from dogansystem.agents.ai.conversation import Asked, Message
from dogansystem.protocol import Site

QUESTION = "Answer with one word: ready."
MAX_ANSWER = 256  # tokens: some models think before they say a word
PATIENCE = 30.0  # seconds that a person waits


def try_model(site: Site, name: str) -> dict[str, Any]:
	"""Ask a model: its `answer`, `seconds`, `tokens` in and out, and `cost`. It counts against the site's budget.

	Commits. Raises NotFound, BudgetExceeded, ModelBusy or ModelError.
	"""
	model = setup.model_of(site.database, name)
	asked = Asked("", (Message("user", QUESTION),), (), min(model.max_answer, MAX_ANSWER))
	began_at = site.now()
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
	found = paid.ask(model, asked, context)
	return {
		"question": QUESTION,
		"answer": found.answer.text,
		"seconds": site.now() - began_at,
		"tokens": {"in": found.tokens_in, "out": found.tokens_out},
		"cost": float(found.cost),
	}
