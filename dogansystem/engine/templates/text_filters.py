"""Filters that write what people read: amounts, and links to documents."""

from collections.abc import Callable, Mapping
from html import escape
from typing import Any
from urllib.parse import quote


def _money(value: Any, currency: str | None = None) -> str:
	"""An amount as people read it, `1,250.00`; with its currency where one is given, `1,250.00 USD`. Nothing is 0.00."""
	text = f"{_float(value):,.2f}"
	return f"{text} {currency}" if currency else text


def _number(value: Any) -> str:
	"""A number as people read it, with three decimals at most: `1,234.5`, `40`. Nothing is 0."""
	return f"{_float(value):,.3f}".rstrip("0").rstrip(".")


def _float(value: Any) -> float:
	try:
		return float(value or 0)
	except (TypeError, ValueError, OverflowError):
		shown = value[:40] if isinstance(value, str) else type(value).__name__
		raise ValueError(f"{shown!r} is not an amount; give a number") from None


def _link(name: Any, doctype: str) -> str:
	"""A link for a mail to a document on the desk, by its name: `{{ doc.name | link("Quotation") }}`."""
	place = quote("-".join(doctype.lower().split()), safe="")
	return f'<a href="/app/{place}/{quote(str(name), safe="")}">{escape(str(name))}</a>'


FILTERS: Mapping[str, Callable[..., Any]] = {"link": _link, "money": _money, "number": _number}
