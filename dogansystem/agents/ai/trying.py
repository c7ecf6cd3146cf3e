"""Whether a call does what people were shown: what is kept of its trial, and compared with what it then does."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from hashlib import sha256
from typing import Any

from dogansystem.actions.base import StepContext
from dogansystem.agents.ai import tools
from dogansystem.agents.ai.described import Tool
from dogansystem.protocol import Call, Effects, Site

SECONDS = 20.0  # for the trials of a call: what they have locked, others may want
SHARE = 0.5  # of the step's own timeout that they may take


def call_of(tool: Tool, params: dict[str, Any], context: StepContext, *, made: bool = True) -> Call:
	"""A call of a tool, as it is tried out, or made. `made`: whether it is."""
	seconds = SECONDS if context.timeout is None else min(SECONDS, context.timeout * SHARE)
	act = partial(_act, tool, params, context) if made else None
	return Call(context.site, act, tuple(named(params)), context.user, context.now, seconds)


def _act(tool: Tool, params: dict[str, Any], context: StepContext, site: Site) -> Any:
	if not tool.workflow:
		return tools.run(tool, params, replace(context, site=site))
	assert context.start_run is not None
	return context.start_run(tool.workflow, params)


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


def seen(effects: Effects) -> str:
	"""What is kept of a trial, to see later whether something else has come of it. Of what is unknown: of what it is about only."""
	if effects.unknown:
		return json.dumps({"about": _digest(effects.about, ())})
	return json.dumps({"digest": _digest(effects.leaves, effects.varies), "varies": list(effects.varies)})


def fits(effects: Effects, kept: str) -> bool:
	"""Whether this is what was seen."""
	try:
		known = json.loads(kept)
	except ValueError:  # as the release before has kept it
		return False
	if "about" in known:
		return bool(known["about"] == _digest(effects.about, ()))
	return not effects.unknown and bool(known["digest"] == _digest(effects.leaves, known["varies"]))


def still_fits(kept: str, tool: Tool, params: dict[str, Any], context: StepContext) -> bool:
	"""Whether a call that has not been made would do what was seen. Raises what a trial raises."""
	site = context.site
	if "about" in json.loads(kept):
		return fits(site.try_call(call_of(tool, params, context, made=False)), kept)
	return fits(site.try_call(call_of(tool, params, context)), kept)


def _digest(found: Mapping[str, Any], without: Iterable[str]) -> str:
	left_out = set(without)
	rows = sorted((place, str(value)) for place, value in found.items() if place not in left_out)
	return sha256(json.dumps(rows).encode(errors="replace")).hexdigest()[:40]
