"""Recording how the system does, and comparing it with how it did."""

from collections.abc import Mapping, Sequence
from typing import Any

from dogansystem.engine.errors import InputError, NotFound
from dogansystem.protocol import Site
from dogansystem.scaling import measurement
from dogansystem.scaling.compare import compare
from dogansystem.scaling.measurement import DEFAULT_MINUTES, Measurement
from dogansystem.scaling.report import Section
from dogansystem.scaling.summary import summary
from dogansystem.scaling.words import number
from dogansystem.store import baselines
from dogansystem.store.figures import NODE
from dogansystem.store.moment import moment

NOW = "now"  # what a baseline is compared with unless another one is named
MAX_LISTED = 200


def record(site: Site, name: str | None = None, minutes: int = DEFAULT_MINUTES) -> dict[str, Any]:
	"""Keep what the site did in the last minutes; gives its `summary` with the `name`. The caller commits.

	Raises InputError for a name that is taken or impossible, for minutes out of bounds, and if nothing was done.
	"""
	name = free_name(site, name)
	measured = measurement.from_samples(site, minutes)
	if not measured.site.executed:
		raise InputError(
			f"No step was executed in the last {minutes} minutes: there is nothing to record."
			" Wait for work, take a longer span, or put on a load with `load`."
		)
	return keep(site, name, measured)


def keep(site: Site, name: str, measured: Measurement) -> dict[str, Any]:
	"""Keep a measurement under a name that is free; gives its summary."""
	found = {"name": name, **summary(site, measured)}
	shown = {
		"source": found["source"],
		"begins_at": found["from"],
		"ends_at": found["to"],
		"steps": found["steps"],
		"steps_per_second": found["per_second"],
		"capacity": (found["capacity"] or {}).get("per_second", 0),
		"workers": found["workers"] or 0,
		"nodes": len(measured.named(NODE)),
		"utilisation": round(100 * (found["utilisation"] or 0), 1),
		"wait_p95": found["wait_seconds"]["p95"] or 0,
		"run_p95": found["run_seconds"]["p95"] or 0,
		"failed": found["failed"],
	}
	baselines.keep(site.database, name, moment(site), site.user, shown, measurement.as_json(measured))
	return found


def free_name(site: Site, name: str | None) -> str:
	"""A name for a new baseline: the one that is wished for, or the time. Raises InputError if it cannot be had."""
	chosen = (name or moment(site).text[:19]).strip()
	if not chosen or len(chosen) > baselines.MAX_NAME or chosen == NOW:
		raise InputError(
			f"{name!r} cannot be a baseline's name: give 1 to {baselines.MAX_NAME} characters, and not {NOW!r}."
		)
	if baselines.exists(site.database, chosen):
		raise InputError(f"There is a baseline named {chosen!r} already. Choose another name.")
	return chosen


def report(
	site: Site, before: str | None = None, after: str | None = None, minutes: int = DEFAULT_MINUTES
) -> dict[str, Any]:
	"""Compare a baseline, by default the newest, with another one or with the last minutes.

	Gives what `compare` gives, and both sides' `name` and summary as `before` and `after`. Raises NotFound or InputError.
	"""
	name = before or baselines.newest(site.database)
	if name is None:
		raise NotFound("There is no baseline yet: record one with `baseline`, then scale, then compare.")
	old = read(site, name)
	is_named = after and after != NOW
	new = read(site, str(after)) if is_named else measurement.from_samples(site, minutes, not_before=old.ends)
	sides = ({"name": name, **summary(site, old)}, {"name": after or NOW, **summary(site, new)})
	return {**compare(*sides), "before": sides[0], "after": sides[1]}


def read(site: Site, name: str) -> Measurement:
	"""The measurement of a baseline. Raises NotFound."""
	found = baselines.measurement(site.database, name)
	if found is None:
		known = ", ".join(repr(each["name"]) for each in baselines.every(site.database, 5)) or "none yet"
		raise NotFound(f"There is no baseline named {name!r}. The newest are: {known}.")
	return measurement.from_json(found)


def sections(found: Sequence[Mapping[str, Any]]) -> list[Section]:
	"""The baselines there are, as a person reads it."""
	if not found:
		return [Section("", ["There is no baseline yet: record one with `baseline`."])]
	head = ("name", "recorded", "source", "steps", "steps/s", "capacity", "workers", "nodes")
	numbers = ("steps", "steps_per_second", "capacity", "workers", "nodes")
	rows = [
		(
			each["name"],
			each["recorded_at"][:16],
			each["source"],
			*(number(each[name] or None) for name in numbers),
		)
		for each in found
	]
	return [Section("", (), head, rows)]


def every(site: Site, limit: int = 20) -> list[dict[str, Any]]:
	"""The baselines, the newest first. Raises InputError for a limit out of bounds."""
	if not 1 <= limit <= MAX_LISTED:
		raise InputError(f"limit is {limit}; ask for 1 to {MAX_LISTED}.")
	return baselines.every(site.database, limit)
