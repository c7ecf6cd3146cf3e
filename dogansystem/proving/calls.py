"""A call of a tool of an AI agent, tried out: it is made for real, what it does is noted, and all of it is undone. Nothing leaves
the site.

Once people have let it be made, what it does is noted again, to be compared with what they were shown. Names that are given anew
each time, and the moment, do not count; nor does what comes out differently in two trials that follow each other.
"""

import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from dogansystem.agents.ai.trying import read
from dogansystem.engine.errors import StepCommitted
from dogansystem.engine.outcomes import as_message
from dogansystem.protocol import Call, Effects, Recorded
from dogansystem.proving import changed
from dogansystem.proving.compared import loosened
from dogansystem.proving.outside import Pinned
from dogansystem.proving.rolled_back import Busy, RolledBack
from dogansystem.store import names
from dogansystem.worker.deadline import TimeLimit, TimeUp

AROUND = 60.0  # seconds around now in which a moment is now
MOMENT = 0.01  # seconds before the attempt from which on its runs are looked for
SAVEPOINT = "dogan_call"
SHORTEST = 4  # characters of a new document's name that is looked for in texts
TOO_LONG = "It took too long."
PAST_DOCUMENTS = "It writes into the database past documents."
_TIME = re.compile(r"\d?\d:\d\d:\d\d(?:\.\d+)?\Z")
# What a new document gets from its content, which a trial has not made: prints are empty pages there.
_MADE_UP: Mapping[str, frozenset[str]] = {"File": frozenset({"content_hash", "file_size", "file_url"})}
MESSAGE = ("kind", "to", "cc", "subject", "message", "attachments", "reference")  # what of one is looked at
_MISSING = object()


def tried(call: Call) -> Effects:
	"""What a call would do. Raises StepCommitted, and what the database raises where the transaction lost against another."""
	if call.act is None:
		return Effects(about=_about(call))
	until = time.monotonic() + call.seconds
	first = _once(call, call.seconds)
	second = first if first.unknown else _once(call, max(0.1, until - time.monotonic()))
	if second.unknown:
		return second
	one, other = first.leaves, second.leaves
	places = {*one, *other}
	varies = sorted(each for each in places if one.get(each, _MISSING) != other.get(each, _MISSING))
	return replace(first, varies=tuple(varies))


def done(call: Call) -> tuple[Any, Effects | None]:
	"""Make a call, in this transaction; gives its output, and what it has done. Within a dry run nobody notes that."""
	assert call.act is not None
	if isinstance(call.site, RolledBack):
		return call.act(call.site), None
	about, before = _about(call), _Before(call)
	with call.site.recorded() as recorded:
		output = call.act(call.site)
		return output, _noted(call, recorded, before, about)


def _about(call: Call) -> dict[str, Any]:
	"""The documents that a call names, without what changes with every save."""
	return {" ".join(each): _bare(found) for each in call.named if (found := read(call.site, each))}


def _bare(value: Any) -> Any:
	if isinstance(value, Mapping):
		kept = changed.UNSAID - {"docstatus"}
		return {
			key: _bare(each)
			for key, each in value.items()
			if not (key in kept or key.startswith("_") or each in changed.EMPTY)
		}
	return [_bare(each) for each in value] if isinstance(value, list) else value


class _Before:
	"""What there was before a call: to know afterwards which runs it has started."""

	def __init__(self, call: Call) -> None:
		self._since = names.after(call.now - MOMENT)
		self._known = {name for name, *_ in self._runs(call)}

	def starts(self, call: Call) -> list[list[str]]:
		"""The workflows of the runs that are there since, and their versions."""
		return [list(about) for name, *about in self._runs(call) if name not in self._known]

	def _runs(self, call: Call) -> list[Any]:
		query = "SELECT name, workflow, version FROM `tabDogan Workflow Run` WHERE name > %s ORDER BY name"
		found: list[Any] = call.site.database.sql(query, (self._since,))
		return found


def _once(call: Call, seconds: float) -> Effects:
	site = call.site
	about, before, limit = _about(call), _Before(call), TimeLimit(seconds)
	try:
		with site.recorded() as recorded, site.kept_in() as kept:
			outbound = Pinned({}, stands_in=True)
			place = RolledBack(site, outbound, savepoint=SAVEPOINT)
			error = _made(place, call, limit)
			if limit.passed:
				return Effects(about=about, unknown=TOO_LONG)
			more = {"requests": outbound.asked, "calls": place.calls, "sent": place.unsent}
			found = _noted(call, recorded, before, about, error, **more)
			found = _kept(found, kept.would, error)
			if recorded.wrote and not (error or found.unknown or any(found.does.values())):
				found = replace(found, unknown=PAST_DOCUMENTS)
			place.database.rollback()
			return found
	except Busy as busy:
		raise busy.__cause__ or busy from None
	except StepCommitted:
		raise
	except Exception as error:
		if not limit.passed and (site.database.is_conflict(error) or site.database.is_lost(error)):
			raise
		return Effects(about=about, unknown=TOO_LONG if limit.passed else _text(error))


def _made(place: RolledBack, call: Call, limit: TimeLimit) -> str:
	"""Make a call on a site of which nothing stays; gives what it has failed with."""
	place.database.in_step = True
	try:
		with limit:
			assert call.act is not None
			call.act(place.here)
	except TimeUp:
		if not limit.passed:
			raise
	except StepCommitted:
		raise
	except Exception as error:
		db = call.site.database
		if not limit.passed and (db.is_conflict(error) or db.is_lost(error)):
			raise
		return _text(error)
	finally:
		place.database.in_step = False
	return ""


def _text(error: Exception) -> str:
	return as_message(f"{type(error).__name__}: {error}")


def _kept(found: Effects, would: Any, error: str) -> Effects:
	"""With what was kept in. Where something was stopped, or an answer of a server was made up, what comes after is not known."""
	stopped = tuple(f"{each['by']} tried to {each['tried']}" for each in would if each["kind"] == "stopped")
	jobs = [str(each["method"]) for each in would if each["kind"] == "job"]
	unknown = f"Stopped: {'; '.join(stopped)}." if stopped else ""
	if error and not stopped and (found.does["requests"] or found.does["calls"]):
		unknown = f"It reaches other systems, and a made-up answer did not do ({error})."
	shown = {**found.does, "jobs": jobs}
	return replace(found, does=shown, unknown=unknown, error="" if unknown else found.error)


def _noted(
	call: Call,
	recorded: Recorded,
	before: _Before,
	about: Mapping[str, Any],
	error: str = "",
	**more: list[Any],
) -> Effects:
	"""What was done since. What was done by a call that failed is undone: it does nothing."""
	does: dict[str, Any] = {"changes": [], "messages": [], "starts": []}
	if not error:
		written = [
			each
			for each in recorded.documents(call.user, shares=True)
			if {"created", "deleted"} - {*each.events}
		]
		does["changes"] = [changed.as_json(each) for each in written]
		said = (*recorded.messages(), *more.pop("sent", ()))
		does["messages"] = [{key: each.get(key) for key in MESSAGE} for each in said]
		does["starts"] = before.starts(call)
	does |= {"requests": more.get("requests", []), "calls": more.get("calls", [])}
	leaves = dict(_leaves(_comparable(call, {"does": does, "about": about, "error": error})))
	return Effects(does, about, error, leaves=leaves)


def _comparable(call: Call, value: Mapping[str, Any]) -> Any:
	"""Without names and moments that are others each time."""
	new: dict[str, str] = {}
	changes = []
	for number, each in enumerate(value["does"]["changes"]):
		left_out = _MADE_UP.get(each["doctype"], frozenset())
		fields = [one for one in each["fields"] if one["field"] not in left_out]
		name = each["name"]
		if "created" in each["events"]:
			name = f"<{each['doctype']} {number}>"
			if len(each["name"]) >= SHORTEST:
				new[each["name"]] = name
		changes.append({**each, "name": name, "fields": fields})
	site = call.site
	around = [str(site.local_time(site.now() + each)) for each in (-AROUND, AROUND)]
	found = loosened({**value, "does": {**value["does"], "changes": changes}}, new, around)
	return _without_times(found, around[0][11:19], around[1][11:19])


def _without_times(value: Any, first: str, last: str) -> Any:
	if isinstance(value, Mapping):
		return {key: _without_times(each, first, last) for key, each in value.items()}
	if isinstance(value, list):
		return [_without_times(each, first, last) for each in value]
	is_time = isinstance(value, str) and _TIME.match(value)
	return "<now>" if is_time and first <= value.rjust(8, "0")[:8] <= last else value


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
	if isinstance(value, Mapping | list | tuple):
		pairs = value.items() if isinstance(value, Mapping) else enumerate(value)
		for key, each in pairs:
			yield from _leaves(each, f"{path}/{key}")
	else:
		yield path, value
