"""When two texts are the same. On a bench MariaDB decides that, by the collation utf8mb4_unicode_ci: case, accents and
trailing spaces make no difference. The sandbox answers alike on every database."""

import unicodedata
from functools import lru_cache

MAX_CACHED = 16384
# ASCII's signs in the order of their weights: MariaDB 10.11, WEIGHT_STRING(… COLLATE utf8mb4_unicode_ci).
_SIGNS = {sign: rank for rank, sign in enumerate(" `^_-,;:!?.'\"()[]{}@*/\\&#%+<=>|~$")}


@lru_cache(MAX_CACHED)
def fold(text: str) -> str:
	"""The form of a text in which equal texts are identical."""
	if text.isascii():
		return text.lower().rstrip(" ")
	plain = unicodedata.normalize("NFKD", text.casefold())
	return "".join(char for char in plain if unicodedata.category(char) != "Mn").casefold().rstrip(" ")


@lru_cache(MAX_CACHED)
def order_key(text: str) -> tuple[tuple[bool, int, str], ...]:
	"""What texts are sorted by: signs, then digits, then letters, as the collation has it."""
	return tuple((char.isalnum(), _SIGNS.get(char, len(_SIGNS)), char) for char in fold(text))
