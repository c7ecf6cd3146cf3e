"""A text that a workflow has put together from anybody's data, as HTML that does nothing but say it."""

from collections.abc import Mapping
from typing import Any

from frappe import _
from frappe.utils import strip_html

from dogansystem.homes.frappe import compat
from dogansystem.people.proposed import as_html

_TAGS = frozenset(
	"a abbr b blockquote br code dd del div dl dt em h1 h2 h3 h4 h5 h6 hr i ins li ol p pre s small span strong sub sup"
	" table tbody td tfoot th thead tr u ul".split()
)
_ATTRIBUTES = {"a": {"href", "title"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}}
_PROTOCOLS = frozenset({"http", "https", "mailto"})


def cleaned(text: str | None) -> str:
	"""The text with the tags that format it, and no others: no script, no style, no picture that tells who has looked."""
	text = text or ""
	if strip_html(text) == text:
		text = text.strip().replace("\n", "<br>")
	return compat.clean_html(text, _TAGS, _ATTRIBUTES, _PROTOCOLS)


def message_html(message: str, proposed: Mapping[str, Any] | None) -> str:
	"""What is asked, as HTML: a workflow's message, or the call of an AI agent in the reader's language."""
	return as_html(proposed, _) if proposed else cleaned(message)
