"""What the canvas says of a key, from the schemas."""

from tests.unit import texts
from tests.unit.canvas.model import call, needs_node

pytestmark = needs_node


def test_a_link_is_shown_by_its_words():
	linked = sorted(text for text in texts.found() if "](" in text)
	assert linked
	for text, shown in zip(linked, call([["params", "plain", text] for text in linked]), strict=True):
		assert "](" not in shown and ".md" not in shown, text


def test_a_list_in_brackets_stays():
	text = "The headers, such as `[X-Event]` (any case)"
	assert call([["params", "plain", text]]) == [text]
