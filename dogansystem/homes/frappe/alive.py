"""Whether this node's workers on our queue are alive, for container probes: `python -m dogansystem.homes.frappe.alive`.

A process that exists may have stopped working, so RQ's own heartbeat counts: a worker's key in Redis expires 90 seconds
after the last heartbeat of a busy worker, and 480 seconds after that of an idle one. Inside a job, the drainer has a
heartbeat of its own. The probe reads one file and asks Redis. It starts no Frappe: it runs every minute on every node.
"""

import argparse
import json
import os
import socket
import sys
from pathlib import Path
from typing import NamedTuple

import redis

from dogansystem.homes.frappe.queues import QUEUE

WORKERS = "rq:workers"  # RQ's set of the keys of all workers
PATIENCE = 5.0  # seconds for Redis to answer; the probe's own timeout is longer
_FIELDS = ("hostname", "pid", "queues")
_NOT_RUNNING = "TtZX"  # states of /proc/PID/stat: stopped, traced, a zombie, dead


class Verdict(NamedTuple):
	"""What the probe says. `alive` decides the exit code, `reason` is for people."""

	alive: bool
	reason: str


def look(sites: Path, wanted: int = 1) -> Verdict:
	"""Whether at least `wanted` workers of this machine listen to our queue, send heartbeats and run.

	If Redis does not answer, that is no reason to end workers: they connect again by themselves, and restarting all of
	them would only load Redis when it comes back.
	"""
	try:
		living = count(sites)
	except redis.RedisError as error:
		return Verdict(True, f"unknown: Redis does not answer ({error})")
	found = (
		f"{living} of {wanted} workers of {socket.gethostname()} on the queue {QUEUE} send heartbeats and run"
	)
	return Verdict(living >= wanted, found)


def count(sites: Path) -> int:
	"""How many workers of this machine listen to our queue, send heartbeats and run. Raises RedisError."""
	config = json.loads((sites / "common_site_config.json").read_text())
	address = os.environ.get("FRAPPE_REDIS_QUEUE") or str(config["redis_queue"])
	node = socket.gethostname()
	with redis.Redis.from_url(
		address, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE, decode_responses=True
	) as connection:
		with connection.pipeline(transaction=False) as pipe:
			for key in connection.smembers(WORKERS):
				pipe.hmget(key, _FIELDS)
			rows = pipe.execute()
	return sum(hostname == node and _is_ours(queues) and runs(int(pid)) for hostname, pid, queues in rows)


def _is_ours(queues: str | None) -> bool:
	"""Queues are listed as `BENCH:NAME,BENCH:NAME`."""
	return QUEUE in [each.rsplit(":", 1)[-1] for each in (queues or "").split(",")]


def runs(pid: int) -> bool:
	"""Whether a process of this machine exists and is neither stopped nor dead."""
	try:
		state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
	except OSError:
		return False  # the container was restarted under the same name: the key is from before
	return state not in _NOT_RUNNING


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
