"""Redis is read and not written: what this thread writes stays in memory, where it reads it again.

Commands that neither read nor can be imagined are stopped. Raw connections are looked at too.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from fnmatch import fnmatchcase
from typing import Any

import redis

from dogansystem.homes.frappe.keeping import values
from dogansystem.homes.frappe.keeping.block import Block
from dogansystem.homes.frappe.keeping.patches import StandIn

# Change nothing, and are sent as they are.
READING = frozenset(
	"GET MGET STRLEN GETRANGE EXISTS TYPE TTL PTTL KEYS SCAN HGET HMGET HGETALL HKEYS HVALS HLEN HEXISTS HSCAN"
	" LLEN LRANGE LINDEX SMEMBERS SISMEMBER SCARD SRANDMEMBER SSCAN ZCARD ZSCORE ZRANGE ZRANGEBYSCORE ZCOUNT ZRANK"
	" ZREVRANGE ZSCAN PING ECHO TIME INFO DBSIZE LASTSAVE COMMAND MEMORY OBJECT DUMP RANDOMKEY ZREVRANGEBYSCORE".split()
)
# Of the connection itself.
CONNECTING = frozenset(
	"AUTH HELLO SELECT CLIENT SUBSCRIBE UNSUBSCRIBE PSUBSCRIBE PUNSUBSCRIBE READONLY QUIT UNWATCH".split()
)
# Of what `CLIENT` says, only this is about others.
OF_OTHERS = frozenset({"KILL", "PAUSE", "UNPAUSE", "UNBLOCK"})
QUEUES = b"rq:"


def stand_ins() -> Iterator[tuple[Any, str, StandIn]]:
	"""What is exchanged, and for what."""
	yield redis.Redis, "execute_command", _execute
	yield redis.client.Pipeline, "execute", _execute_all
	yield redis.client.Pipeline, "immediate_execute_command", _execute
	yield (
		redis.client.PubSub,
		"execute_command",
		lambda block, do, own, *args: (_check(block, args), do(own, *args))[1],
	)
	for connection in _with_own(redis.connection, "send_packed_command"):
		yield connection, "send_packed_command", _send


def _with_own(module: Any, method: str) -> list[type]:
	"""The classes of a module that define the method themselves, and not only its name."""
	found = [each for each in vars(module).values() if isinstance(each, type) and method in vars(each)]
	return [
		each
		for each in found
		if not getattr(each, "__abstractmethods__", ()) or each.__name__ == "AbstractConnection"
	]


def _execute(block: Block, original: Callable[..., Any], client: Any, *args: Any, **options: Any) -> Any:
	answer = _answer(block, lambda *parts, **more: original(client, *parts, **more), args, options)
	if client.connection_pool.connection_kwargs.get("decode_responses"):
		return _decoded(answer)
	return answer


def _execute_all(block: Block, _original: Any, pipeline: Any, raise_on_error: bool = True) -> list[Any]:
	"""One command after another: nobody else sees them anyway."""
	stack, pipeline.command_stack = list(pipeline.command_stack), []
	client = redis.Redis(connection_pool=pipeline.connection_pool)
	with suppress(redis.RedisError):
		pipeline.reset()
	answers = []
	for each in stack:
		args = each[0] if isinstance(each, tuple) else each.args
		try:
			answers.append(client.execute_command(*args))
		except redis.RedisError as error:
			if raise_on_error:
				raise
			answers.append(error)
	return answers


def _answer(block: Block, ask: Callable[..., Any], args: tuple[Any, ...], options: dict[str, Any]) -> Any:
	name = str(args[0]).upper()
	store = block.redis
	if name == "PUBLISH":
		return _published(block, *args[1:3])
	if name in ("KEYS", "SCAN", "MGET", "EXISTS", "DEL", "UNLINK"):
		return _of_many(block, name, ask, args, options)
	if len(args) > 1 and (name in values.COMMANDS):
		key = values.to_bytes(args[1])
		changes, command = values.COMMANDS[name]
		if changes:
			_check_key(block, name, key)
			if key not in store:
				store[key] = _load(ask, key)
		if key in store:
			store[key], answer = command(store[key], *args[2:])
			return answer
	_check(block, args)
	return ask(*args, **options)


def _load(ask: Callable[..., Any], key: bytes) -> values.Value:
	"""What is there under a key."""
	kind = values.to_bytes(ask("TYPE", key)).decode()
	asked = {
		"string": ("GET", key),
		"hash": ("HGETALL", key),
		"list": ("LRANGE", key, 0, -1),
		"set": ("SMEMBERS", key),
	}
	found = ask(*asked[kind]) if kind in asked else None
	if isinstance(found, dict):
		return {values.to_bytes(field): values.to_bytes(value) for field, value in found.items()}
	if isinstance(found, list | set):
		return type(found)(values.to_bytes(each) for each in found)
	return None if found is None else values.to_bytes(found)


def _of_many(
	block: Block, name: str, ask: Callable[..., Any], args: tuple[Any, ...], options: dict[str, Any]
) -> Any:
	store = block.redis
	if name == "SCAN":
		if store:  # in one go: the cursor of a server knows nothing of what is kept here
			options_of = {str(each).upper(): args[at + 1] for at, each in enumerate(args[:-1]) if at > 1}
			return 0, _keys(store, ask, options_of.get("MATCH", "*"))
		return ask(*args, **options)
	if name == "KEYS":
		return _keys(store, ask, args[1])
	keys = [values.to_bytes(each) for each in args[1:]]
	if name == "MGET":
		return [store[key] if key in store else ask("GET", key) for key in keys]
	there = [key for key in keys if (store[key] is not None if key in store else ask("EXISTS", key))]
	if name != "EXISTS":
		for key in keys:
			_check_key(block, name, key)
			store[key] = None
	return len(there)


def _keys(store: dict[bytes, Any], ask: Callable[..., Any], pattern: Any) -> list[bytes]:
	real = [each for each in map(values.to_bytes, ask("KEYS", pattern)) if each not in store]
	shape = values.to_bytes(pattern).decode("latin-1")
	return real + [
		key for key, value in store.items() if value is not None and fnmatchcase(key.decode("latin-1"), shape)
	]


def _check_key(block: Block, name: str, key: bytes) -> None:
	if key.startswith(QUEUES) and name not in ("DEL", "UNLINK", "EXPIRE"):
		block.stop(
			f"write {name} {key.decode('latin-1')[:80]} into the job queues by itself", "Use frappe.enqueue."
		)


def _check(block: Block, args: Iterable[Any]) -> None:
	words = [values.to_bytes(each).decode("latin-1").upper() for each in list(args)[:2]]
	name, *rest = " ".join(words).split() or [""]
	if name in READING or (name in CONNECTING and not (name == "CLIENT" and rest and rest[0] in OF_OTHERS)):
		return
	block.stop(f"run {name} in Redis", "Use the commands of frappe.cache.")


def _published(block: Block, channel: Any, message: Any) -> int:
	"""Realtime, as Frappe emits it; or whatever else an app publishes."""
	text = values.to_bytes(message).decode("utf-8", "replace")
	with suppress(ValueError):
		said = json.loads(text)
		if isinstance(said, dict) and "event" in said:
			block.list("realtime", event=said["event"], room=said.get("room"), message=said.get("message"))
			return 0
	block.list("published", channel=values.to_bytes(channel).decode("utf-8", "replace"), message=text[:1000])
	return 0


def _send(block: Block, original: Any, connection: Any, command: Any, *args: Any, **kwargs: Any) -> Any:
	"""Whatever way it came: only what reads is sent."""
	text = [command] if isinstance(command, bytes | str) else command
	for each in values.unpacked(b"".join(values.to_bytes(part) for part in text)):
		_check(block, each)
	return original(connection, command, *args, **kwargs)


def _decoded(answer: Any) -> Any:
	if isinstance(answer, bytes):
		return answer.decode("utf-8", "replace")
	if isinstance(answer, dict):
		return {_decoded(key): _decoded(value) for key, value in answer.items()}
	return (
		type(answer)(_decoded(each) for each in answer) if isinstance(answer, list | set | tuple) else answer
	)
