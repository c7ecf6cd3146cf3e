"""What a request costs, as Decimal, and what it may cost at most. Amounts are kept in billionths, as whole numbers."""

from decimal import ROUND_CEILING, Decimal, InvalidOperation

from dogansystem.agents.ai.conversation import Model
from dogansystem.engine.errors import InputError

MILLION = Decimal(10**6)
BILLIONTHS = Decimal(10**9)


def amount(text: str | float | Decimal | None, what: str = "The amount") -> Decimal:
	"""An amount that is not negative. Raises InputError."""
	try:
		found = Decimal(str(text if text not in (None, "") else 0))
	except InvalidOperation:
		raise InputError(f"{what} is {text!r}, which is no number.") from None
	if not found.is_finite() or found < 0:
		raise InputError(f"{what} is {text}; it cannot be negative.")
	return found


def cost(model: Model, tokens_in: int, tokens_out: int) -> Decimal:
	"""What so many tokens cost, in the currency of the model's prices."""
	price_in, price_out = amount(model.price_in, "The price in"), amount(model.price_out, "The price out")
	return (price_in * tokens_in + price_out * tokens_out) / MILLION


def billionths(value: Decimal) -> int:
	"""An amount in billionths, rounded up: a limit is never passed by what was rounded away."""
	return int((value * BILLIONTHS).to_integral_value(rounding=ROUND_CEILING))
