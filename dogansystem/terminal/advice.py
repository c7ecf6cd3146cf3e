"""Advice as a person reads it in a terminal: sentences with numbers, then what to type."""

import textwrap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from dogansystem.engine.errors import DoganError
from dogansystem.scaling.measure import is_refused

WIDTH = 100
INDENT = "  "
_CEILINGS = {"workers": "the workers", "processors": "the processors", "database": "the database"}
_SPOT = {"yes": "yes", "if": "maybe", "no": "no"}


def lines(advice: Mapping[str, Any]) -> list[str]:
	"""The advice as text."""
	parts = (_bottleneck, _plan, _database, _redis, _costs, _spot)
	return [line for part in parts for line in part(advice)]


@contextmanager
def refused() -> Iterator[None]:
	"""Where the database has no connection left to look through, that is the bottleneck. Raises DoganError saying so."""
	try:
		yield
	except Exception as error:
		if is_refused(error):
			raise DoganError(_refused(error)) from None
		raise


def _refused(error: BaseException) -> str:
	return (
		f"Bottleneck: Too few connections\n{INDENT}MariaDB refuses this command as well: {error.args[-1]}.\n"
		f"{INDENT}→ Raise max_connections, under [mysqld] in its configuration, and at once with\n"
		f"{INDENT * 2}SET GLOBAL max_connections = 300\n"
		f"{INDENT}  as an administrator of MariaDB, who is let in even now. Then ask again."
	)


def _bottleneck(advice: Mapping[str, Any]) -> Iterator[str]:
	found = advice["bottleneck"]
	yield f"Bottleneck: {found['title']}"
	yield from _wrapped(found["evidence"])
	yield from _wrapped([f"→ {found['remedy']}"])
	yield ""


def _plan(advice: Mapping[str, Any]) -> Iterator[str]:
	plan = advice["plan"]
	yield f"{plan['scenario']}: {plan['recommendation']}"
	if plan["direction"] != "none":
		yield f"{INDENT}Time {plan['time']}, cost {plan['cost'].lower()}."
	if plan["first"]:
		yield from _wrapped(["First remove the bottleneck above, or the rest does not help."])
	yield from _wrapped(plan["why"])
	yield from _wrapped([plan["alternative"]] if plan["alternative"] else [])
	yield from _hanging("now", _size(plan["now"]))
	if plan["direction"] != "none":
		yield from _hanging("then", _size(plan["then"]))
	for number, order in enumerate(plan["commands"], 1):
		yield from _hanging(f"{number}.", order["what"], 3)
		if order["command"]:
			yield f"{INDENT}   {order['command']}"
	yield ""


def _size(size: Mapping[str, Any]) -> str:
	parts = [f"{_count(size['nodes'], 'node')} with {_count(size['workers'], 'worker')}"]
	if size["cores"]:
		parts[0] += f" and {size['cores']:g} core{'' if size['cores'] == 1 else 's'}"
	if size["steps_per_second"] is not None:
		parts.append(
			f"up to {size['steps_per_second']:g} steps/s, limited by {_CEILINGS[size['limited_by']]}"
		)
		wait = size["wait_p95"]
		parts.append(_wait(wait))
	return "; ".join(parts)


def _wait(p95: float | None) -> str:
	if p95 is None:
		return "more arrives than is done"
	return f"95 % wait {_seconds(p95)} at most" if p95 else "95 % begin at once"


def _database(advice: Mapping[str, Any]) -> Iterator[str]:
	found = advice["database"]
	if found["findings"]:
		server = advice["evidence"]["database"]
		yield f"MariaDB {server['version']} on {server['hostname']}"
		yield from _findings(found)


def _redis(advice: Mapping[str, Any]) -> Iterator[str]:
	if advice["redis"]["findings"]:
		yield "Redis"
		yield from _findings(advice["redis"])


def _findings(found: Mapping[str, Any]) -> Iterator[str]:
	for each in found["findings"]:
		change = f" → {each['advised']}" if each["advised"] is not None else ""
		yield f"{INDENT}{each['setting']}: {each['now']}{change}"
		yield from _wrapped([each["why"]], INDENT * 2)
	if found["snippet"]:
		yield ""
		yield from (f"{INDENT * 2}{line}" for line in found["snippet"].splitlines())
	yield ""


def _costs(advice: Mapping[str, Any]) -> Iterator[str]:
	costs = advice["costs"]
	yield "Costs"
	if costs["prices_entered"]:
		for when, then in (("now", "now"), ("then", "after it")):
			yield from _price(costs, when, then)
	yield from _wrapped(costs["recommendation"])
	yield ""


def _price(costs: Mapping[str, Any], when: str, words: str) -> Iterator[str]:
	currency = costs["currency"]
	hourly, each, full = (
		costs[f"per_{of}"] for of in (f"hour_{when}", f"1000_steps_{when}", f"1000_steps_{when}_at_capacity")
	)
	parts = [f"{hourly:,.4g} {currency} an hour"]
	if each is not None:
		parts.append(f"{each:g} {currency} per 1,000 steps at the load of the last day")
	if full is not None:
		parts.append(f"{full:g} {currency} if the workers were always busy")
	yield from _wrapped([f"{words}: {', '.join(parts)}."])


def _spot(advice: Mapping[str, Any]) -> Iterator[str]:
	if advice["spot"]:
		yield "Spot nodes"
		for each in advice["spot"]:
			clouds = f" ({', '.join(each['clouds'])})" if each["clouds"] and each["suitable"] != "no" else ""
			yield from _wrapped([f"{each['workflow']}: {_SPOT[each['suitable']]}{clouds}. {each['why']}"])


def _wrapped(sentences: list[str], indent: str = INDENT) -> Iterator[str]:
	for sentence in sentences:
		yield from textwrap.wrap(
			sentence, WIDTH, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False
		)


def _hanging(name: str, text: str, width: int = 6) -> Iterator[str]:
	first = f"{INDENT}{name:<{width}}"
	yield from textwrap.wrap(
		text, WIDTH, initial_indent=first, subsequent_indent=" " * len(first), break_on_hyphens=False
	)


def _seconds(number: float) -> str:
	return f"{number * 1000:.3g} ms" if number < 1 else f"{number:.3g} s"


def _count(number: int, noun: str) -> str:
	return f"{number} {noun}" + ("" if number == 1 else "s")
