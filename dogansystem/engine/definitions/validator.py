"""The validator of JSON Schemas that people write, within bounds: neither they nor those who send the input may hold up
or fill a process."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

from dogansystem.engine.templates import budget

MAX_KEYWORDS = 1_000_000  # of schemas that are held against values in one check: some seconds
# References to lists of references grow without end, and every error on the way is kept.
PRICES: Mapping[str, int] = {"$ref": 10, "$dynamicRef": 10}
FORMATS = FormatChecker()

Keyword = Callable[[Any, Any, Any, Any], Iterator[ValidationError] | None]


def start() -> None:
	"""Begin a check in this thread. Within it, `budget.Overrun` is raised when it takes too much."""
	budget.start(MAX_KEYWORDS)


def charged(keyword: Keyword, price: int) -> Keyword:
	"""A keyword of JSON Schema that is charged for each value it is held against."""

	def check(validator: Any, wanted: Any, given: Any, schema: Any) -> Iterator[ValidationError]:
		budget.spend(price)
		yield from keyword(validator, wanted, given, schema) or ()

	return check


def unique_items(validator: Any, wanted: Any, given: Any, schema: Any) -> Iterator[ValidationError]:
	"""`uniqueItems` in one pass: the library's own compares every mapping with every other."""
	if wanted and isinstance(given, list):
		budget.spend(len(given))
		# Equal JSON has equal text once 1.0 is written as 1.
		same = json.loads(json.dumps(given), parse_float=_number)
		if len({json.dumps(item, sort_keys=True) for item in same}) < len(given):
			yield ValidationError("has the same item twice")


def _number(text: str) -> float:
	number = float(text)
	return int(number) if number.is_integer() else number


_extend: Any = extend  # it has no types
Validator: Any = _extend(
	Draft202012Validator,
	{name: charged(keyword, PRICES.get(name, 1)) for name, keyword in Draft202012Validator.VALIDATORS.items()}
	| {"uniqueItems": unique_items},
)
META = Validator(Draft202012Validator.META_SCHEMA, format_checker=FORMATS)
