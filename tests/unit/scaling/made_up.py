"""Evidence with chosen numbers, for judging. What is not chosen is a quiet site on one node of 4 cores and 16 GB."""

from dataclasses import replace
from typing import Any

from dogansystem.scaling.evidence import Evidence, Load, Machine, Queue, Redis, Server, Steps, Workers

MB, GB = 1024**2, 1024**3
AROUND = (
	Redis("queue", used_memory=MB, policy="noeviction"),
	Redis("cache", used_memory=MB, policy="allkeys-lru"),
)


def machine(name: str, **rest: Any) -> Machine:
	return replace(Machine(name, "up", 10, 4.0, 16.0 * GB, 8.0 * GB, cpu_busy=0.2), **rest)


def server(**rest: Any) -> Server:
	usual: dict[str, Any] = {
		"version": "10.11.6-MariaDB",
		"hostname": "n1",
		"seconds": 3.0,
		"uptime": 86_400.0,
		"buffer_pool": 4.0 * GB,
		"working_set": 1.0 * GB,
		"max_connections": 151,
		"connections": 30,
		"connections_highest": 60,
		"commit_seconds": 0.002,
		"hit_rate_ever": 0.999,
	}
	return Server(**{**usual, **rest})


def steps(**rest: Any) -> Steps:
	"""1,000 steps in the last minute that take 100 ms each, 5 ms of it on the processor and 2 ms in the database."""
	usual: dict[str, Any] = {
		"seconds": 60.0,
		"count": 1000,
		"run": 0.1,
		"run_p95": 0.11,
		"run_variation": 0.1,
		"wait_p95": 0.05,
		"cpu": 0.005,
		"database": 0.002,
	}
	return Steps(**{**usual, **rest})


def evidence_of(**rest: Any) -> Evidence:
	usual: dict[str, Any] = {
		"site": "erp.example.com",
		"at": 1_750_000_000.0,
		"seconds": 3.0,
		"dialect": "mariadb",
		"queue": Queue(),
		"workers": Workers(wanted=10, alive=10, busy=2, listening={"n1": 10}, queue="dogansystem"),
		"recent": steps(),
		"load": Load(peak=50.0, mean=10.0, busy=1.0, hours=24.0),
		"machines": (machine("n1"),),
		"database": server(),
		"redis": AROUND,
		"agents_enabled": 5,
		"agents_limit": 20,
	}
	return Evidence(**{**usual, **rest})
