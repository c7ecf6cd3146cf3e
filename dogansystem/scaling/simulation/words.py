"""What people write about a simulation, read: rates, prices, services, outages. Every error says how to write it."""

import re
from collections.abc import Callable, Iterable
from typing import TypeVar

from dogansystem.engine.durations import UNITS, parse_duration
from dogansystem.engine.errors import InputError
from dogansystem.scaling.simulation.distributions import NOTHING, Distribution, parse
from dogansystem.scaling.simulation.system import Outages
from dogansystem.scaling.simulation.workload import Agent, Arrivals, Service

PER = {**UNITS, "min": 60, "sec": 1, "hour": 3600, "day": 86400}  # seconds

_RATE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*/\s*(\w+)\s*", re.ASCII)
_OUTAGES = re.compile(r"\s*node\s+every\s+(\S+)\s+down\s+(\S+)\s*", re.ASCII)

Value = TypeVar("Value")


def rate(text: str) -> float:
	"""`50/s`, `3000/min`, `0.5/h`: how many per second."""
	match = _RATE.fullmatch(text)
	if not match or match[2] not in PER:
		raise InputError(f"{text!r} is no rate: write 50/s, 3000/min, 100/h or 20/d.")
	return float(match[1]) / PER[match[2]]


def price(text: str) -> float:
	"""`0.10/h`, `70/month`: what a node costs per hour."""
	amount, _, unit = text.partition("/")
	if unit.strip() == "month":
		return rate(f"{amount}/h") / (365.25 * 24 / 12) * 3600
	return rate(text) * 3600


def arrivals(text: str) -> Arrivals:
	"""`50/s`, by chance, or `regular 50/s`, on the clock."""
	words = text.split(maxsplit=1)
	if len(words) == 2 and words[0] == "regular":
		return Arrivals(rate(words[1]), is_regular=True)
	return Arrivals(rate(text))


def numbers(text: str, what: str) -> list[int]:
	"""`10,20`: some numbers, each 1 or more."""
	try:
		found = [int(each) for each in text.split(",")]
	except ValueError:
		found = []
	if not found or min(found) < 1:
		raise InputError(f"{what} is {text!r}: write numbers such as 10 or 10,20.")
	return found


def service(text: str) -> Service:
	"""`wait 100ms`, `cpu 20ms`, or both with a plus between: `wait exponential 100ms + cpu 5ms`."""
	parts: dict[str, Distribution] = {"wait": NOTHING, "cpu": NOTHING}
	for part in text.split("+"):
		kind, _, rest = part.strip().partition(" ")
		if kind not in parts:
			raise InputError(
				f"{text!r} is no service: write `wait 100ms` for time in which a step only waits for something"
				" elsewhere, `cpu 20ms` for processor time, or `wait 100ms + cpu 20ms`."
			)
		parts[kind] = parse(rest)
	return Service(**parts)


def services(texts: Iterable[str]) -> tuple[Service | None, dict[str, Service]]:
	"""Services as they are given one by one: that of all steps, if any, and those of steps, as `STEP=…`."""
	of_all, of_step = None, {}
	for text in texts:
		step, equals, rest = text.partition("=")
		if equals:
			of_step[step.strip()] = service(rest)
		else:
			of_all = service(text)
	return of_all, of_step


def outages(text: str) -> Outages:
	"""`node every 1h down 5m`."""
	match = _OUTAGES.fullmatch(text)
	try:
		found = Outages(parse_duration(match[1]), parse_duration(match[2])) if match else None
	except ValueError:
		found = None
	if not found or not found.every:
		raise InputError(f"{text!r} says nothing about failures: write `node every 1h down 5m`.")
	return found


def named(texts: Iterable[str], what: str, read: Callable[[str], Value]) -> dict[str, Value]:
	"""`NAME=VALUE` as often as it is given."""
	found = {}
	for text in texts:
		name, equals, rest = text.partition("=")
		if not equals or not name.strip():
			raise InputError(f"{what} is {text!r}: write NAME=VALUE.")
		found[name.strip()] = read(rest.strip())
	return found


def share(text: str) -> float:
	"""`5%` or `0.05`."""
	try:
		found = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
	except ValueError:
		found = -1.0
	if not 0 <= found <= 1:
		raise InputError(f"{text!r} is no share: write 5% or 0.05.")
	return found


def count(text: str) -> int:
	"""A number from 0 up."""
	if not text.isascii() or not text.isdigit():
		raise InputError(f"{text!r} is no number: write one from 0 up.")
	return int(text)


def agent(text: str) -> Agent:
	"""`3`, or `3 email,invoices` with what it can do."""
	room, _, capabilities = text.partition(" ")
	return Agent(max(1, count(room)), tuple(each.strip() for each in capabilities.split(",") if each.strip()))
