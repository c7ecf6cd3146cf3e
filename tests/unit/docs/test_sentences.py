"""Every sentence of the format has a test that names it."""

import pytest

from tests.sentences import FORMAT, WITHOUT, Proof, Sentence, matched, proofs, sentences

PAGE = """# Definitions

Durations are seconds. Unknown keys are errors.

```yaml
name: x            # lower case
title: shown
```
| on | keys |
|---|---|
| `date` | `field`; once. A second sentence |

1. **First.** A step waits.
2. It ends. See `x.md`.

## Command line
```
dogansystem check FILE
                  more of it
```
"""


@pytest.mark.contract("Semantics, each with a test of its own:")
def test_every_sentence_has_a_test_that_names_it():
	found, _ = matched(FORMAT.read_text(), proofs())
	assert [each.text for each in found if not each.tests and each.reason is None] == []


def test_what_a_test_names_is_in_the_format():
	_, astray = matched(FORMAT.read_text(), proofs())
	assert astray == []


def test_a_reason_for_having_none_goes_when_the_test_is_there():
	found, _ = matched(FORMAT.read_text(), proofs())
	waiting = [each for each in found if not each.tests]
	assert [part for part in WITHOUT if not any(part in each.text for each in waiting)] == []


def test_sentences_rows_explained_keys_and_commands_are_told_apart():
	assert [(each.chapter, each.text) for each in sentences(PAGE)] == [
		("Definitions", "Durations are seconds."),
		("Definitions", "Unknown keys are errors."),
		("Definitions", "name: x # lower case"),
		("Definitions", "| `date` | `field`; once."),
		("Definitions", "A second sentence |"),
		("Definitions", "**First.** A step waits."),
		("Definitions", "It ends."),
		("Definitions", "See `x.md`."),
		("Command line", "dogansystem check FILE"),
	]


def test_a_sentence_without_a_test_and_a_test_without_a_sentence_are_found():
	found, astray = matched(
		PAGE, (Proof("a.py::test_a", "are seconds. Unknown"), Proof("a.py::test_b", "nothing"))
	)

	assert [each.text for each in found if each.tests] == [
		"Durations are seconds.",
		"Unknown keys are errors.",
	]
	assert Sentence("Definitions", "It ends.") in found
	assert [each.test for each in astray] == ["a.py::test_b"]
