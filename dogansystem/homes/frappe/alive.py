"""Whether this node's workers on our queue live, for the probes of containers: `python -m dogansystem.homes.frappe.alive`.

A process that exists may have stopped working, so what counts is RQ's own beat: a worker's key in Redis runs out 90
seconds after the last beat of a busy worker, 480 after that of an idle one. What happens within a job is the drainer's
own beat's business. Reads one file and asks Redis; it starts no Frappe, because it runs every minute on every node.
"""

import argparse
import json
import os
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

import redis

from dogansystem.homes.frappe.queues import QUEUE

WORKERS = "rq:workers"  # RQ's set of the keys of all workers
PATIENCE = 5.0  # seconds for Redis to answer; the probe's own timeout is longer
_FIELDS = ("hostname", "pid", "queues")
_IDLE_FOR_EVER = "TtZX"  # states of /proc/PID/stat: stopped, traced, a zombie, dead


@dataclass(frozen=True, slots=True)
class Verdict:
	"""What the probe says. `alive` decides the exit code, `reason` is for people."""

	alive: bool
	reason: str


def look(sites: Path, wanted: int = 1) -> Verdict:
	"""Whether at least `wanted` workers of this machine listen to our queue, beat, and run.

	Redis that does not answer is no reason to end workers: they try again by themselves, and a restart of all of them
	would only hit Redis when it comes back.
	"""
	try:
		living = count(sites)
	except redis.RedisError as error:
		return Verdict(True, f"unknown: Redis does not answer ({error})")
	found = f"{living} of {wanted} workers of {socket.gethostname()} on the queue {QUEUE} beat and run"
	return Verdict(living >= wanted, found)


def count(sites: Path) -> int:
	"""How many workers of this machine listen to our queue, beat, and run. Raises RedisError."""
	return sum(runs(pid) for pid in _beating(sites, socket.gethostname()))


def _beating(sites: Path, node: str) -> list[int]:
	"""The processes that RQ's workers of this node say they are, of those whose key has not run out."""
	with redis.Redis.from_url(
		_address(sites), socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE, decode_responses=True
	) as connection:
		with connection.pipeline(transaction=False) as pipe:
			for key in connection.smembers(WORKERS):
				pipe.hmget(key, _FIELDS)
			rows = pipe.execute()
	return [int(pid) for hostname, pid, queues in rows if hostname == node and _is_ours(queues)]


def _is_ours(queues: str | None) -> bool:
	"""Queues are listed as `BENCH:NAME,BENCH:NAME`."""
	return QUEUE in [each.rsplit(":", 1)[-1] for each in (queues or "").split(",")]


def runs(pid: int) -> bool:
	"""Whether a process of this machine is there and not stopped or dead."""
	try:
		state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
	except OSError:
		return False  # a container that was restarted under the same name: the key is that of the one before
	return state not in _IDLE_FOR_EVER


def _address(sites: Path) -> str:
	config = json.loads((sites / "common_site_config.json").read_text())
	return str(os.environ.get("FRAPPE_REDIS_QUEUE") or config["redis_queue"])


def main(arguments: list[str] | None = None) -> int:
	"""Exit code 0: alive. 1: not alive. 2: cannot be told from these arguments or this bench."""
	parser = argparse.ArgumentParser(prog="dogansystem.homes.frappe.alive", description=look.__doc__)
	parser.add_argument("wanted", nargs="?", type=int, default=1, help="workers there have to be (1)")
	parser.add_argument("--sites", type=Path, default=Path("sites"), help="the bench's folder of sites")
	given = parser.parse_args(arguments)
	try:
		verdict = look(given.sites, given.wanted)
	except (OSError, ValueError, KeyError) as error:
		print(f"{given.sites}/common_site_config.json: no redis_queue can be read ({error})", file=sys.stderr)
		return 2
	print(verdict.reason)
	return 0 if verdict.alive else 1


if __name__ == "__main__":
	sys.exit(main())
