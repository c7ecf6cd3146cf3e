"""A sentence is English as a text, and has what it takes to be put into another language."""

import copy
import pickle

from dogansystem.engine.errors import NotAsked
from dogansystem.engine.sentence import Sentence


def test_it_is_a_text_and_keeps_its_parts_even_as_a_copy():
	said = Sentence("{0} is asked by {1}.", "{a}", "b")
	for each in (said, copy.deepcopy(said), pickle.loads(pickle.dumps(said))):
		assert (str(each), each.text, each.values) == (
			"{a} is asked by b.",
			"{0} is asked by {1}.",
			("{a}", "b"),
		)
	assert str(NotAsked(said)) == "{a} is asked by b."
