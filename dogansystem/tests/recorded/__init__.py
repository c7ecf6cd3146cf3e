"""Deliveries as GitHub, Stripe and Shopify send them, in the formats that they publish; the secrets are the tests' own."""

import json
from pathlib import Path
from typing import Any

NAMES = ("github", "stripe", "shopify")


def recorded(name: str) -> dict[str, Any]:
	"""A delivery: `headers`, `body`, the `secret` that has signed it, and `sent_at` (epoch seconds)."""
	found: dict[str, Any] = json.loads(Path(__file__).with_name(f"{name}.json").read_text())
	return found
