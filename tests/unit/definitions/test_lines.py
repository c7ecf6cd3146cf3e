"""The line of a path in the text of a definition."""

import pytest

from dogansystem.engine.definitions.lines import lines_of

TEXT = """name: try
# a comment
steps:
- id: a
  action: data.set
  params:
    x.y: 1
    x: 2
- {id: b, after: [a,
   c]}
-
  id: d
"""


@pytest.mark.parametrize(
	("path", "line"),
	[
		("name", 1),
		("steps", 3),
		("steps[0]", 4),
		("steps[0].action", 5),
		("steps[0].params.x", 8),
		("steps[0].params.x.y", 7),  # a key that has a point in it
		("steps[0].retry.attempts", 4),  # it is missing there
		("steps[1].after[1]", 10),
		("steps[2].id", 12),
		("steps[9]", 3),
		("nothing", 1),
		("", 1),
		("line 7, column 3", 7),
	],
)
def test_a_path_has_the_line_where_its_key_stands(path: str, line: int):
	assert lines_of(TEXT, [path]) == [line]


@pytest.mark.parametrize("text", ["steps: [", "\t- x", "\ud800", "&a [*a]", "[" * 300, ""])
def test_a_text_that_cannot_be_read_has_its_first_line(text: str):
	assert lines_of(text, ["steps[0]", "line 2, column 1"]) == [1, 2]
