"""Judges the history of a list that many append to. It knows nothing of the engine: no table, no lease, no rule of ours.

It knows what clients were told (`Acknowledged`), what was promised to them (`Promise`), the list as it is in the end
(`Append`, in the order of the list), and what the system says of itself (`Says`). Each append has written down which appends
to the list of its run it saw, so that what was seen and is not there any more is found, and what should have been seen and
was not. Jepsen's list-append tests do it this way.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.faults.verdict import Kinds

DONE = "Succeeded"
NOT_DONE = frozenset({"Pending", "Ready", "Skipped", "Failed", "Cancelled"})
ENDED = frozenset({"Succeeded", "Failed", "Cancelled"})

Place = tuple[str, int]  # a step, and the item of it from 1 on; 0: the step itself


@dataclass(frozen=True, slots=True)
class Promise:
	"""What a client may expect of a run. `after`: for each place, those whose appends have to be there before its own."""

	places: frozenset[Place]
	after: Mapping[Place, frozenset[Place]]


@dataclass(frozen=True, slots=True)
class Acknowledged:
	"""A client asked for one run under a `key`, once or more often, and was told that `run` is it."""

	key: str
	run: str
	promise: Promise


@dataclass(frozen=True, slots=True)
class Append:
	"""An entry of the list of a run. `saw`: the tokens of the entries that were there for whoever wrote it."""

	run: str
	place: Place
	token: str
	saw: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Says:
	"""What the system says of a run in the end: its state, that of each place, and the token each says to have written."""

	state: str
	places: Mapping[Place, str]
	tokens: Mapping[Place, str] = field(default_factory=dict)


@dataclass(slots=True)
class Verdict(Kinds):
	"""What is wrong, by kind; each entry names the run.

	Attributes:
		lost: acknowledged runs that are not there.
		duplicated: keys for which more than one run is there.
		missing: said to be done, and not in the list, or not with the token that was said.
		doubled: places that are in the list more than once.
		misplaced: in the list before what has to come first.
		vanished: seen by another append, and not in the list before it.
		unseen: has to come first, and was not seen.
		denied: in the list, and said not to be done.
		orphaned: in the list, of a run that is not there.
		unended: runs that are there and have not ended.
	"""

	lost: list[str] = field(default_factory=list)
	duplicated: list[str] = field(default_factory=list)
	missing: list[str] = field(default_factory=list)
	doubled: list[str] = field(default_factory=list)
	misplaced: list[str] = field(default_factory=list)
	vanished: list[str] = field(default_factory=list)
	unseen: list[str] = field(default_factory=list)
	denied: list[str] = field(default_factory=list)
	orphaned: list[str] = field(default_factory=list)
	unended: list[str] = field(default_factory=list)


def judge(
	acknowledged: Sequence[Acknowledged],
	appends: Sequence[Append],
	says: Mapping[str, Says],
	keys: Mapping[str, str],
) -> Verdict:
	"""What is wrong with a history. `appends` in the order of the list; `keys`: the key under which each run is there."""
	verdict = Verdict()
	lists: dict[str, list[Append]] = defaultdict(list)
	for append in appends:
		lists[append.run].append(append)
	verdict.lost += [each.run for each in acknowledged if each.run not in says]
	verdict.duplicated += [key for key, number in Counter(keys[run] for run in says).items() if number > 1]
	verdict.orphaned += [run for run in lists if run not in says]
	promises = {each.run: each.promise for each in acknowledged}
	for run, said in says.items():
		if said.state not in ENDED:
			verdict.unended.append(run)
		_judge_run(verdict, run, lists[run], said, promises.get(run))
	for entries in lists.values():
		_judge_list(verdict, entries)
	return verdict


def _judge_run(
	verdict: Verdict, run: str, entries: list[Append], said: Says, promise: Promise | None
) -> None:
	"""Compare the list of a run with what the system says of it and what its client was promised."""
	tokens: dict[Place, set[str]] = defaultdict(set)
	for each in entries:
		tokens[each.place].add(each.token)
	wanted = {place for place, state in said.places.items() if state == DONE}
	if promise:
		wanted &= promise.places
		if said.state == DONE:
			wanted |= {each for each in promise.places if said.places.get(each) not in NOT_DONE}
	for place in sorted(wanted):
		told = said.tokens.get(place)
		if place not in tokens or (told is not None and told not in tokens[place]):
			verdict.missing.append(_name(run, place))
	for place in sorted(tokens):
		if said.places.get(place, "Pending") in NOT_DONE:
			verdict.denied.append(_name(run, place))
	if promise:
		_judge_order(verdict, entries, promise)


def _judge_order(verdict: Verdict, entries: list[Append], promise: Promise) -> None:
	"""Whether each entry comes behind those that have to come first, and has seen them."""
	at: dict[Place, int] = {}
	of_place: dict[Place, set[str]] = defaultdict(set)
	for number, each in enumerate(entries):
		at.setdefault(each.place, number)
		of_place[each.place].add(each.token)
	for number, each in enumerate(entries):
		for before in promise.after.get(each.place, ()):
			if before not in at:
				continue  # whether it has to be there is asked elsewhere
			if at[before] > number:
				verdict.misplaced.append(_name(each.run, each.place))
			elif not of_place[before] & each.saw:
				verdict.unseen.append(_name(each.run, each.place))


def _judge_list(verdict: Verdict, entries: list[Append]) -> None:
	"""Whether each place is there once, and everything that was seen is there, and was before."""
	counted = Counter(each.place for each in entries)
	verdict.doubled += [_name(entries[0].run, place) for place, number in counted.items() if number > 1]
	there: set[str] = set()
	for each in entries:
		if each.saw - there:
			verdict.vanished.append(_name(each.run, each.place))
		there.add(each.token)


def _name(run: str, place: Place) -> str:
	step, item = place
	return f"{run}.{step}" + (f".{item}" if item else "")
