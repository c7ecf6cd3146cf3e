"""A call of a tool, tried out: it is made for real, what it does is noted, and all of it is undone. Nothing leaves the site.

Once people have let it be made, what it does is compared with what they were shown. Names that are given anew each time, and the
moment, do not count; nor does what comes out differently in two trials that follow each other.
"""

import json
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

from dogansystem.actions.base import StepContext
from dogansystem.agents.ai import tools
from dogansystem.agents.ai.described import Tool
from dogansystem.engine.errors import StepCommitted
from dogansystem.engine.outcomes import as_message
from dogansystem.protocol import Recorded, Site
from dogansystem.proving import changed
from dogansystem.proving.compared import loosened
from dogansystem.proving.outside import Pinned
from dogansystem.proving.rolled_back import Busy, RolledBack
from dogansystem.store import names
from dogansystem.worker.deadline import TimeLimit, TimeUp

SECONDS = 20.0  # for the trials of a call: what they have locked, others may want
SHARE = 0.5  # of the step's own timeout that they may take
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


@dataclass(frozen=True, slots=True)
class Effects:
	"""What a call does, or would do.

	Attributes:
		does: `changes`, `messages`, `requests`, `calls`, `jobs`, `starts`, as the report of a dry run has them.
		about: the documents that the call names, as they were before it.
		error: what it fails with; it does nothing then.
		unknown: why nobody knows what it does.
		stopped: what was not let out while it was tried.
		leaves: all of it flat, in the form in which it is compared.
		varies: the places of these that come out differently each time.
	"""

	does: Mapping[str, Any] = field(default_factory=dict)
	about: Mapping[str, Any] = field(default_factory=dict)
	error: str = ""
	unknown: str = ""
	stopped: tuple[str, ...] = ()
	leaves: Mapping[str, Any] = field(default_factory=dict)
	varies: tuple[str, ...] = ()

	@property
	def seen(self) -> str:
		"""What is kept of it, to see later whether something else has come of it. Of what is unknown: of what it is about only."""
		if self.unknown:
			return json.dumps({"about": _digest(dict(_leaves(self.about)), ())})
		return json.dumps({"digest": _digest(self.leaves, self.varies), "varies": list(self.varies)})

	def fits(self, seen: str) -> bool:
		"""Whether this is what was `seen`."""
		try:
			known = json.loads(seen)
		except ValueError:  # as the release before has kept it
			return False
		if "about" in known:
			return bool(known["about"] == _digest(dict(_leaves(self.about)), ()))
		return not self.unknown and bool(known["digest"] == _digest(self.leaves, known["varies"]))


def still_does(seen: str, tool: Tool, params: dict[str, Any], context: StepContext) -> bool:
	"""Whether a call that has not been made would do what was seen. Raises as `tried`."""
	named_only = Effects(about=about_of(context.site, params), unknown="not tried")
	return named_only.fits(seen) or tried(tool, params, context).fits(seen)


def tried(tool: Tool, params: dict[str, Any], context: StepContext) -> Effects:
	"""What a call would do. Raises StepCommitted, and what the database raises where the transaction lost against another."""
	seconds = SECONDS if context.timeout is None else min(SECONDS, context.timeout * SHARE)
	until = time.monotonic() + seconds
	first = _once(tool, params, context, seconds)
	second = first if first.unknown else _once(tool, params, context, max(0.1, until - time.monotonic()))
	if second.unknown:
		return second
	places = {*first.leaves, *second.leaves}
	return replace(
		first,
		varies=tuple(
			sorted(
				each
				for each in places
				if first.leaves.get(each, _MISSING) != second.leaves.get(each, _MISSING)
			)
		),
	)


def done(tool: Tool, params: dict[str, Any], context: StepContext) -> tuple[Any, Effects | None]:
	"""Make a call, in this transaction; gives its output, and what it has done. Within a dry run nobody notes that."""
	if isinstance(context.site, RolledBack):
		return tools.run(tool, params, context), None
	about, before = about_of(context.site, params), _Before(context)
	with context.site.recorded() as recorded:
		output = tools.run(tool, params, context)
		return output, _noted(context, recorded, before, about)


def about_of(site: Site, params: Mapping[str, Any]) -> dict[str, Any]:
	"""The documents that parameters name, without what changes with every save."""
	return {" ".join(each): _bare(found) for each in named(params) if (found := read(site, each))}


def named(params: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
	"""The documents that parameters name, themselves or in one of them."""
	for each in (params, *(value for value in params.values() if isinstance(value, Mapping))):
		doctype, name = each.get("doctype"), each.get("name")
		if isinstance(doctype, str) and isinstance(name, str | int):
			yield doctype, str(name)


def read(site: Site, document: tuple[str, str]) -> Mapping[str, Any] | None:
	"""A document as the acting user may read it; None: it is not there, or not theirs to read."""
	try:
		return site.documents.get(*document)
	except Exception as error:
		if site.database.is_conflict(error) or site.database.is_lost(error):
			raise
		return None


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

	def __init__(self, context: StepContext) -> None:
		self._since = names.after(context.now - MOMENT)
		self._known = {name for name, *_ in self._runs(context)}

	def starts(self, context: StepContext) -> list[list[str]]:
		"""The workflows of the runs that are there since, and their versions."""
		return [list(about) for name, *about in self._runs(context) if name not in self._known]

	def _runs(self, context: StepContext) -> list[Any]:
		query = "SELECT name, workflow, version FROM `tabDogan Workflow Run` WHERE name > %s ORDER BY name"
		return context.site.database.sql(query, (self._since,))


def _once(tool: Tool, params: dict[str, Any], context: StepContext, seconds: float) -> Effects:
	site = context.site
	about, before, limit = about_of(site, params), _Before(context), TimeLimit(seconds)
	try:
		with site.recorded() as recorded, site.kept_in() as kept:
			outbound = Pinned({}, stands_in=True)
			place = RolledBack(site, outbound, savepoint=SAVEPOINT)
			error = _made(place, tool, params, context, limit)
			if limit.passed:
				return Effects(about=about, unknown=TOO_LONG)
			more = {"requests": outbound.asked, "calls": place.calls, "sent": place.unsent}
			found = _noted(context, recorded, before, about, error, **more)
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


def _made(
	place: RolledBack, tool: Tool, params: dict[str, Any], context: StepContext, limit: TimeLimit
) -> str:
	"""Make a call on a site of which nothing stays; gives what it has failed with."""
	place.database.in_step = True
	try:
		with limit:
			if tool.workflow:
				assert context.start_run is not None
				context.start_run(tool.workflow, params)
			else:
				tools.run(tool, params, replace(context, site=place.here))
	except TimeUp:
		if not limit.passed:
			raise
	except StepCommitted:
		raise
	except Exception as error:
		db = context.site.database
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
	return replace(found, does=shown, stopped=stopped, unknown=unknown, error="" if unknown else found.error)


def _noted(
	context: StepContext,
	recorded: Recorded,
	before: _Before,
	about: Mapping[str, Any],
	error: str = "",
	**more: list[Any],
) -> Effects:
	"""What was done since. What was done by a call that failed is undone: it does nothing."""
	does: dict[str, Any] = {"changes": [], "messages": [], "starts": []}
	if not error:
		written = [each for each in recorded.documents(context.user, shares=True) if {"created", "deleted"} - {*each.events}]
		does["changes"] = [changed.as_json(each) for each in written]
		said = (*recorded.messages(), *more.pop("sent", ()))
		does["messages"] = [{key: each.get(key) for key in MESSAGE} for each in said]
		does["starts"] = before.starts(context)
	does |= {"requests": more.get("requests", []), "calls": more.get("calls", [])}
	leaves = dict(_leaves(_comparable(context, {"does": does, "about": about, "error": error})))
	return Effects(does, about, error, leaves=leaves)


def _comparable(context: StepContext, value: Mapping[str, Any]) -> Any:
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
	site = context.site
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


def _digest(leaves: Mapping[str, Any], without: Any) -> str:
	kept = sorted((place, str(value)) for place, value in leaves.items() if place not in set(without))
	return sha256(json.dumps(kept).encode(errors="replace")).hexdigest()[:40]
