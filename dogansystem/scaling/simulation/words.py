"""What people write about a load and a system, read. Every error is an InputError that says how to write it."""

import re
from collections.abc import Callable, Iterable
from typing import TypeVar

from dogansystem.engine.durations import UNITS, parse_duration
from dogansystem.engine.errors import InputError
from dogansystem.scaling.simulation import times
from dogansystem.scaling.simulation.system import Outages
from dogansystem.scaling.simulation.times import Times
from dogansystem.scaling.simulation.workload import Agent, Arrivals, Service

_PER = {**UNITS, "sec": 1, "min": 60, "hour": 3600, "day": 86_400, "month": 365.25 / 12 * 86_400}  # seconds

Value = TypeVar("Value")


def seconds(text: str) -> float:
	"""Seconds of `100ms` or of a duration as definitions have it. Raises ValueError."""
	match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*ms\s*", text, re.ASCII)
	return float(match[1]) / 1000 if match else parse_duration(text)


def rate(text: str) -> float:
	"""`50/s`, `3000/min`, `0.5/h`: how many per second."""
	match = re.fullmatch(rf"\s*(\d+(?:\.\d+)?)\s*/\s*({'|'.join(_PER)})\s*", text, re.ASCII)
	if not match:
		raise InputError(f"{text!r} is no rate: write 50/s, 3000/min, 100/h or 20/d.")
	return float(match[1]) / _PER[match[2]]


def arrivals(text: str) -> Arrivals:
	"""`50/s`, by chance, or `regular 50/s`, on the clock."""
	kind, _, rest = text.strip().partition(" ")
	return Arrivals(rate(rest), is_regular=True) if kind == "regular" else Arrivals(rate(text))


def numbers(text: str, what: str) -> list[int]:
	"""`10,20`: some numbers, each 1 or more."""
	if not re.fullmatch(r"0*[1-9]\d*(,0*[1-9]\d*)*", text, re.ASCII):
		raise InputError(f"{what} is {text!r}: write numbers such as 10 or 10,20.")
	return [int(each) for each in text.split(",")]


def time(text: str) -> Times:
	"""`100ms`, `exponential 100ms`, `uniform 50ms-150ms`, `lognormal 100ms cv 1.5`."""
	reason = ""
	try:
		match text.split():
			case [size] | ["fixed", size]:
				return times.fixed(seconds(size))
			case ["exponential", size]:
				return times.exponential(seconds(size))
			case ["uniform", bounds]:
				return times.uniform(*map(seconds, bounds.split("-", 1)))
			case ["lognormal", size, "cv", cv]:
				return times.lognormal(seconds(size), float(cv))
	except (ValueError, TypeError) as error:
		reason = f"{error}; "
	raise InputError(
		f"{text!r} is not a time: {reason}write 100ms, 2s, `exponential 100ms`, `uniform 50ms-150ms` or"
		" `lognormal 100ms cv 1.5` (cv: standard deviation over mean)"
	)


def service(text: str) -> Service:
	"""`wait 100ms`, `cpu 20ms`, or both with a plus between: `wait exponential 100ms + cpu 5ms`."""
	parts = [part.strip().partition(" ") for part in text.split("+")]
	if any(kind not in ("wait", "cpu") for kind, _, _ in parts):
		raise InputError(
			f"{text!r} is no service: write `wait 100ms` for time in which a step only waits for something"
			" elsewhere, `cpu 20ms` for processor time, or `wait 100ms + cpu 20ms`."
		)
	return Service(**{kind: time(rest) for kind, _, rest in parts})


def services(texts: Iterable[str]) -> tuple[Service | None, dict[str, Service]]:
	"""Services as they are given one by one: that of all steps, if any, and those of steps, as `STEP=…`."""
	of_all = [service(text) for text in texts if "=" not in text]
	return (of_all[-1] if of_all else None), named(
		[text for text in texts if "=" in text], "--service", service
	)


def outages(text: str) -> Outages:
	"""`node every 1h down 5m`."""
	match = re.fullmatch(r"\s*node\s+every\s+(\S+)\s+down\s+(\S+)\s*", text, re.ASCII)
	try:
		found = Outages(parse_duration(match[1]), parse_duration(match[2])) if match else None
	except ValueError:
		found = None
	if not found or not found.every:
		raise InputError(f"{text!r} says nothing about failures: write `node every 1h down 5m`.")
	return found


def named(texts: Iterable[str], what: str, read: Callable[[str], Value]) -> dict[str, Value]:
	"""`NAME=VALUE` as often as it is given."""
	parts = [text.partition("=") for text in texts]
	for name, equals, rest in parts:
		if not equals or not name.strip():
			raise InputError(f"{what} is {name + equals + rest!r}: write NAME=VALUE.")
	return {name.strip(): read(rest.strip()) for name, _, rest in parts}


def share(text: str) -> float:
	"""`5%` or `0.05`."""
	match = re.fullmatch(r"(\d*\.?\d+)(%?)", text, re.ASCII)
	found = float(match[1]) / (100 if match[2] else 1) if match else 2.0
	if found > 1:
		raise InputError(f"{text!r} is no share: write 5% or 0.05.")
	return found


def count(text: str) -> int:
	"""A number from 0 up."""
	if not (text.isascii() and text.isdigit()):
		raise InputError(f"{text!r} is no number: write one from 0 up.")
	return int(text)


def agent(text: str) -> Agent:
	"""`3`, or `3 email,invoices` with what it can do."""
	room, _, capabilities = text.partition(" ")
	return Agent(max(1, count(room)), tuple(each.strip() for each in capabilities.split(",") if each.strip()))
