"""What Redis would answer, for values that are kept in memory: the commands that Frappe and its apps use.

A command is called with the value under its key, and its arguments; it gives the value that is there afterwards, and the
answer. None: there is nothing under the key. Times to live are not counted: nothing lives that long here.
"""

import random
from collections.abc import Callable, Iterator
from typing import Any

Value = bytes | dict[bytes, bytes] | list[bytes] | set[bytes] | None
Command = Callable[..., tuple[Value, Any]]


def to_bytes(given: Any) -> bytes:
	"""As redis-py encodes what it is given."""
	if isinstance(given, bytes | bytearray | memoryview):
		return bytes(given)
	return (repr(given) if isinstance(given, float) else str(given)).encode()


def unpacked(packed: bytes) -> Iterator[list[bytes]]:
	"""The commands in what is sent to a server; an empty one for what is no command."""
	at = 0
	while at < len(packed):
		parts, end = [], packed.find(b"\r\n", at)
		if packed[at : at + 1] != b"*" or end < 0:
			yield []
			return
		count, at = int(packed[at + 1 : end]), end + 2
		for _ in range(count):
			end = packed.find(b"\r\n", at)
			length = int(packed[at + 1 : end])
			parts.append(packed[end + 2 : end + 2 + length])
			at = end + 4 + length
		yield parts


def _set(value: Value, new: Any, *options: Any) -> tuple[Value, Any]:
	words = {str(each).upper() for each in options}
	if ("NX" in words and value is not None) or ("XX" in words and value is None):
		return value, None
	return to_bytes(new), value if "GET" in words else True


def _set_if_none(value: Value, new: Any) -> tuple[Value, Any]:
	return (to_bytes(new), True) if value is None else (value, False)


def _add(value: Any, by: Any = 1) -> tuple[Value, Any]:
	total = int(value or 0) + int(by)
	return to_bytes(total), total


def _hset(value: Any, *pairs: Any) -> tuple[Value, Any]:
	new = {to_bytes(key): to_bytes(each) for key, each in zip(pairs[::2], pairs[1::2], strict=True)}
	before = value or {}
	return {**before, **new}, len(new.keys() - before.keys())


def _hmset(value: Any, *pairs: Any) -> tuple[Value, Any]:
	return _hset(value, *pairs)[0], True


def _hsetnx(value: Any, field: Any, new: Any) -> tuple[Value, Any]:
	return (value, 0) if to_bytes(field) in (value or {}) else _hset(value, field, new)


def _hdel(value: Any, *fields: Any) -> tuple[Value, Any]:
	gone = {to_bytes(each) for each in fields}
	left = {key: each for key, each in (value or {}).items() if key not in gone}
	return left or None, len(value or ()) - len(left)


def _hadd(value: Any, field: Any, by: Any) -> tuple[Value, Any]:
	total = int((value or {}).get(to_bytes(field), 0)) + int(by)
	return _hset(value, field, total)[0], total


def _push(value: Any, *new: Any) -> tuple[Value, Any]:
	whole = [*(value or []), *map(to_bytes, new)]
	return whole, len(whole)


def _push_left(value: Any, *new: Any) -> tuple[Value, Any]:
	whole = [*map(to_bytes, reversed(new)), *(value or [])]
	return whole, len(whole)


def _popped(last: bool) -> Command:
	def pop(value: Any, count: Any = None) -> tuple[Value, Any]:
		left, taken = list(value or []), []
		for _ in range(min(len(left), int(count or 1))):
			taken.append(left.pop(-1 if last else 0))
		return left or None, (taken or None) if count is not None else (taken[0] if taken else None)

	return pop


def _range(value: Any, first: Any, last: Any) -> list[bytes]:
	whole, first, last = list(value or []), int(first), int(last)
	return whole[
		max(0, first + len(whole)) if first < 0 else first : (last + len(whole) if last < 0 else last) + 1
	]


def _sadd(value: Any, *new: Any) -> tuple[Value, Any]:
	whole = {*(value or ()), *map(to_bytes, new)}
	return whole, len(whole) - len(value or ())


def _srem(value: Any, *gone: Any) -> tuple[Value, Any]:
	left = set(value or ()) - {to_bytes(each) for each in gone}
	return left or None, len(value or ()) - len(left)


def _spop(value: Any, *_: Any) -> tuple[Value, Any]:
	if not value:
		return None, None
	taken = random.choice(sorted(value))
	return _srem(value, taken)[0], taken


def _reads(answer: Callable[..., Any]) -> Command:
	return lambda value, *args: (value, answer(value, *args))


def _type(value: Value) -> bytes:
	return {bytes: b"string", dict: b"hash", list: b"list", set: b"set"}.get(type(value), b"none")


# By name: whether it changes something, and what it does.
COMMANDS: dict[str, tuple[bool, Command]] = {
	"SET": (True, _set),
	"SETEX": (True, lambda value, _seconds, new: (to_bytes(new), True)),
	"PSETEX": (True, lambda value, _milliseconds, new: (to_bytes(new), True)),
	"SETNX": (True, _set_if_none),
	"INCR": (True, _add),
	"INCRBY": (True, _add),
	"DECR": (True, lambda value: _add(value, -1)),
	"DECRBY": (True, lambda value, by: _add(value, -int(by))),
	"HSET": (True, _hset),
	"HMSET": (True, _hmset),
	"HSETNX": (True, _hsetnx),
	"HDEL": (True, _hdel),
	"HINCRBY": (True, _hadd),
	"RPUSH": (True, _push),
	"LPUSH": (True, _push_left),
	"RPOP": (True, _popped(True)),
	"LPOP": (True, _popped(False)),
	"LTRIM": (True, lambda value, first, last: (_range(value, first, last) or None, True)),
	"SADD": (True, _sadd),
	"SREM": (True, _srem),
	"SPOP": (True, _spop),
	"EXPIRE": (True, _reads(lambda value, *_: value is not None)),
	"PEXPIRE": (True, _reads(lambda value, *_: value is not None)),
	"EXPIREAT": (True, _reads(lambda value, *_: value is not None)),
	"PERSIST": (True, _reads(lambda value: False)),
	"GET": (False, _reads(lambda value: value)),
	"STRLEN": (False, _reads(lambda value: len(value or b""))),
	"TYPE": (False, _reads(_type)),
	"TTL": (False, _reads(lambda value: -2 if value is None else -1)),
	"HGET": (False, _reads(lambda value, field: (value or {}).get(to_bytes(field)))),
	"HMGET": (False, _reads(lambda value, *fields: [(value or {}).get(to_bytes(each)) for each in fields])),
	"HGETALL": (False, _reads(lambda value: dict(value or {}))),
	"HKEYS": (False, _reads(lambda value: list(value or ()))),
	"HVALS": (False, _reads(lambda value: list((value or {}).values()))),
	"HLEN": (False, _reads(lambda value: len(value or ()))),
	"HEXISTS": (False, _reads(lambda value, field: to_bytes(field) in (value or {}))),
	"LLEN": (False, _reads(lambda value: len(value or ()))),
	"LRANGE": (False, _reads(_range)),
	"LINDEX": (False, _reads(lambda value, at: next(iter(_range(value, at, at)), None))),
	"SMEMBERS": (False, _reads(lambda value: set(value or ()))),
	"SISMEMBER": (False, _reads(lambda value, member: int(to_bytes(member) in (value or ())))),
	"SCARD": (False, _reads(lambda value: len(value or ()))),
	"SRANDMEMBER": (False, _reads(lambda value, *_: random.choice(sorted(value)) if value else None)),
}
