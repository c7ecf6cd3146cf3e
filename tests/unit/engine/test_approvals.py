"""Who may decide an approval, and what comes of it, whoever is asked and whatever they say."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as any_of

from dogansystem.engine.approvals import (
	ALL,
	APPROVED,
	ASK,
	ASKED,
	DECIDED,
	MAX_COMMENT,
	ON_REJECTION,
	REJECTED,
	REQUIRED,
	Approver,
	Decision,
	Person,
	Rules,
	checked,
	distinct,
	output_of,
	place_of,
	settled,
	why_not,
)
from dogansystem.engine.errors import AlreadyDecided, DecisionIncomplete, InputError, NotAsked
from dogansystem.engine.forms import Field
from dogansystem.tests.contract.sentences import contract

USERS = tuple(f"{name}@example.com" for name in "abcde")

users = any_of.lists(any_of.sampled_from(USERS), min_size=1, unique=True)
rules = any_of.builds(
	Rules,
	needs=any_of.sampled_from((ALL, 1, 2)),
	rejects_all=any_of.booleans(),
	not_by=any_of.lists(any_of.sampled_from(USERS), max_size=2, unique=True).map(tuple),
)
people = any_of.builds(
	Person,
	user=any_of.sampled_from([*USERS, *map(str.upper, USERS)]),
	is_enabled=any_of.sampled_from((True, True, True, False)),
	stands_in_for=any_of.lists(any_of.sampled_from(USERS), max_size=2, unique=True).map(tuple),
)
tries = any_of.lists(any_of.tuples(people, any_of.sampled_from((APPROVED, REJECTED))), max_size=30)


class Deciding:
	"""An approval that is put to people, who decide as the rules let them."""

	def __init__(self, asked: list[str], rules: Rules) -> None:
		self.rules = rules
		self.approvers = [Approver(number, user) for number, user in enumerate(asked, start=1)]
		self.decisions: list[Decision] = []
		self.result: str | None = None

	def attempt(self, person: Person, decision: str) -> bool:
		"""Whether it counts."""
		if self.result:
			return False
		try:
			place = place_of(self.rules, self.approvers, self.decisions, person)
		except (AlreadyDecided, NotAsked):
			return False
		whose = None if place.user.casefold() == person.user.casefold() else place.user
		self.decisions.append(Decision(person.user, decision, whose))
		self.approvers[place.number - 1] = replace(place, state=DECIDED)
		self.result = settled(self.rules, self.approvers, self.decisions)
		return True


@given(users, rules, tries)
def test_nobody_decides_twice_and_nobody_whom_the_rules_exclude(asked, rules, tries):
	deciding = Deciding(asked, rules)
	for person, decision in tries:
		if deciding.attempt(person, decision):
			made = deciding.decisions[-1]
			assert person.is_enabled
			assert not {person.user.casefold(), *person.stands_in_for} & set(rules.not_by)
			assert (made.whose or made.by).casefold() in asked
			assert made.whose is None or made.whose in person.stands_in_for
	who = [each.by.casefold() for each in deciding.decisions]
	in_whose_place = [(each.whose or each.by).casefold() for each in deciding.decisions]
	assert len(set(who)) == len(who)
	assert len(set(in_whose_place)) == len(in_whose_place)


@given(users, rules, tries)
def test_it_is_approved_by_as_many_as_have_to_and_by_no_fewer(asked, rules, tries):
	deciding = Deciding(asked, rules)
	for person, decision in tries:
		deciding.attempt(person, decision)
	made = [each.decision for each in deciding.decisions]
	needed = rules.needs or len(asked)
	if deciding.result == APPROVED:
		assert made.count(APPROVED) == needed
	elif deciding.result == REJECTED:
		assert REJECTED in made and made.count(APPROVED) < needed
	else:
		assert made.count(APPROVED) < needed
	if REJECTED in made and not rules.rejects_all:
		assert deciding.result == REJECTED and made.index(REJECTED) == len(made) - 1


@given(users, any_of.booleans(), any_of.sampled_from((APPROVED, REJECTED)), any_of.randoms())
def test_if_everybody_decides_it_comes_to_an_end(asked, rejects_all, decision, random):
	deciding = Deciding(asked, Rules(needs=random.choice((ALL, 1)), rejects_all=rejects_all))
	random.shuffle(asked)
	for user in asked:
		deciding.attempt(Person(user), decision)
	assert deciding.result == decision


@contract("nor may who stands in for them")
def test_who_stands_in_for_an_excluded_one_may_not_decide_even_if_asked():
	rules = Rules(not_by=("Boss@Example.com",))
	assert "not_by" in why_not(rules, Person("boss@example.com"))
	assert "boss" in why_not(rules, Person("a@example.com", stands_in_for=("boss@example.com",)))
	with pytest.raises(NotAsked):
		place_of(
			rules,
			[Approver(1, "a@example.com")],
			[],
			Person("a@example.com", stands_in_for=("boss@example.com",)),
		)


def test_nobody_decides_in_the_place_of_one_who_is_disabled():
	approvers = [Approver(1, USERS[0], is_enabled=False)]
	with pytest.raises(NotAsked):
		place_of(Rules(), approvers, [], Person(USERS[1], stands_in_for=(USERS[0],)))


def test_whoever_is_asked_and_stands_in_decides_for_themselves_first():
	approvers = [Approver(1, USERS[0]), Approver(2, USERS[1])]
	place = place_of(Rules(), approvers, [], Person(USERS[1], stands_in_for=(USERS[0],)))
	assert place.number == 2


def test_a_comment_and_values_that_are_needed():
	rules = Rules(comment=ON_REJECTION, fields=(Field("limit", type="Int", required=True),))
	assert checked(rules, APPROVED, "", {"limit": "7"} | {"limit": 7}) == {"limit": 7}
	assert checked(rules, REJECTED, "no", None) == {}
	for decision, comment, values in (
		(REJECTED, " ", None),
		(APPROVED, "", None),
		(APPROVED, "", {"limit": ""}),
	):
		with pytest.raises(DecisionIncomplete):
			checked(rules, decision, comment, values)
	with pytest.raises(DecisionIncomplete):
		checked(Rules(comment=REQUIRED), APPROVED, "", None)
	for decision, comment in (("perhaps", ""), ("answered", ""), (APPROVED, "x" * (MAX_COMMENT + 1))):
		with pytest.raises(InputError):
			checked(Rules(), decision, comment, None)
	with pytest.raises(InputError):
		checked(Rules(kind=ASK), APPROVED, "", None)


def test_values_are_those_of_all_who_approved_over_the_defaults():
	rules = Rules(needs=2, fields=(Field("a", default=1), Field("b"), Field("c", default=3)))
	made = [
		Decision(USERS[0], APPROVED, values={"a": 2}),
		Decision(USERS[1], APPROVED, comment="yes", values={"b": 5}),
	]
	found = output_of(rules, APPROVED, made, by_person=True)
	assert (found["values"], found["comment"]) == ({"a": 2, "b": 5, "c": 3}, "yes")
	assert output_of(rules, "expired", made, by_person=False)["comment"] == ""


def test_a_user_is_named_once():
	assert distinct(["A@x.y", " b@x.y ", "a@X.y", ""]) == ["A@x.y", "b@x.y"]


def test_who_was_passed_over_is_told_why():
	approvers = [
		Approver(1, USERS[0], "Passed On"),
		Approver(2, USERS[1], "No Longer Asked"),
		Approver(3, USERS[2], ASKED),
	]
	for user, words in ((USERS[0], "passed on"), (USERS[1], "any more"), (USERS[3], "is not asked.")):
		with pytest.raises(NotAsked, match=words):
			place_of(Rules(), approvers, [], Person(user))
