"""What the servers should be set to, from their variables and what they hold."""

from dataclasses import replace
from typing import Any

import pytest

from dogansystem.scaling import tuning
from dogansystem.scaling.evidence import Evidence, Redis
from dogansystem.scaling.sizing import Size
from tests.unit.scaling.made_up import GB, MB, evidence_of, machine, server

ONE_NODE = Size(10, 1, 4.0)


def found(
	evidence: Evidence, setting: str, size: Size = ONE_NODE, memory: float | None = None
) -> tuning.Finding:
	return next(each for each in tuning.database(evidence, size, memory) if each.setting == setting)


def pool(
	size: Size = ONE_NODE, memory: float | None = None, host: str = "n1", **of_server: Any
) -> tuning.Finding:
	there = evidence_of(machines=(machine("n1"),), database=server(hostname=host, **of_server), web_threads=5)
	return found(there, "innodb_buffer_pool_size", size, memory)


def test_a_pool_that_holds_everything_stays():
	assert pool(buffer_pool=4 * GB, working_set=1 * GB, hit_rate_ever=0.9995).advised is None


def test_a_pool_that_is_too_small_gets_the_tables_and_room_to_grow():
	chosen = pool(buffer_pool=128 * MB, working_set=2 * GB, hit_rate_ever=0.93)
	assert chosen.advised == "2560M"  # 2 GB times 1.3, in whole chunks of 128 MB
	assert "2 GB" in chosen.why and "93%" in chosen.why


def test_it_leaves_room_for_workers_and_web_on_the_same_machine():
	chosen = pool(Size(30, 1, 4.0), buffer_pool=128 * MB, working_set=50 * GB, hit_rate_ever=0.9)
	left = 16 * GB - 1e9 - 30 * 100e6 - 5 * 150e6
	assert chosen.advised == f"{int(left * 0.65 // (128 * MB)) * 128}M"
	assert "30 workers take 2.79 GB" in chosen.why


def test_a_machine_of_its_own_gives_65_percent():
	chosen = pool(memory=64 * GB, host="db", buffer_pool=1 * GB, working_set=500 * GB, hit_rate_ever=0.9)
	assert chosen.advised == f"{int(64 * 0.65 * 8) * 128}M"


def test_a_machine_that_is_not_known_is_asked_for():
	chosen = pool(host="db", buffer_pool=1 * GB, working_set=8 * GB, hit_rate_ever=0.9)
	assert chosen.advised == f"{int(8 * 1.3 * 8) * 128}M"
	assert "enter it in Dogan Settings" in chosen.why


def test_a_pool_that_takes_the_workers_memory_shrinks():
	chosen = pool(buffer_pool=15 * GB, working_set=1 * GB, hit_rate_ever=1.0)
	assert chosen.advised and int(chosen.advised[:-1]) < 10 * 1024
	assert "more than 70%" in chosen.why


def test_more_memory_is_asked_for_when_the_pool_is_as_large_as_it_may_be():
	chosen = pool(buffer_pool=8.9 * GB, working_set=50 * GB, hit_rate_ever=0.9)
	assert chosen.advised is None and "More memory would help" in chosen.why


def test_connections_are_two_for_each_worker_of_each_node_and_one_for_each_web_thread():
	there = evidence_of(machines=(machine("n1"),), database=server(max_connections=151), web_threads=5)
	assert (
		found(there, "max_connections", Size(10, 3, 4.0)).advised is None
	)  # 3 times 25 and the scheduler: 85
	chosen = found(there, "max_connections", Size(20, 5, 4.0))  # 5 times 45 and 1, with a tenth to spare: 252
	assert chosen.advised == "300"
	assert "5 nodes with 20 workers of two connections each, 5 web workers" in chosen.why


def test_refused_connections_raise_the_limit_whatever_was_computed():
	there = evidence_of(
		database=server(max_connections=151, connections=151, connections_highest=152, refused=3)
	)
	assert found(there, "max_connections", Size(1, 1, 4.0)).advised == "200"


def test_a_commit_that_is_not_flushed_is_named():
	there = evidence_of(database=server(flush=2))
	chosen = found(there, "innodb_flush_log_at_trx_commit")
	assert (chosen.now, chosen.advised) == ("2", "1")
	slow = evidence_of(database=server(commit_seconds=0.05))
	assert "slow to flush" in found(slow, "innodb_flush_log_at_trx_commit").why


def test_several_nodes_have_the_server_ask_for_those_that_have_gone_silent():
	alone, several = Size(10, 1, 4.0), Size(10, 3, 4.0)
	settings = {"tcp_keepalive_time": "60", "tcp_keepalive_interval": "10", "tcp_keepalive_probes": "6"}

	def advised(size: Size, keepalive: int | None) -> dict[str, str | None]:
		there = evidence_of(database=server(keepalive=keepalive))
		return {
			each.setting: each.advised
			for each in tuning.database(there, size)
			if each.setting.startswith("tcp_keepalive")
		}

	assert advised(several, 0) == settings
	assert advised(alone, 0) == advised(several, 120) == advised(several, None) == {}


def test_the_snippet_has_what_changes_and_nothing_else():
	there = evidence_of(database=server(buffer_pool=128 * MB, working_set=2 * GB, hit_rate_ever=0.9, flush=2))
	text = tuning.snippet(tuning.database(there, ONE_NODE))
	assert text == "[mysqld]\ninnodb_buffer_pool_size = 2560M\ninnodb_flush_log_at_trx_commit = 1"
	assert tuning.snippet(tuning.database(evidence_of(database=server()), ONE_NODE)) == ""


def redis(role: str, **rest: Any) -> dict[str, str | None]:
	usual = {"used_memory": 10.0 * MB, "policy": "noeviction", "ping_seconds": 0.0003, "max_clients": 10000}
	there = evidence_of(redis=(Redis(role, **{**usual, **rest}),))
	return {each.setting: each.advised for each in tuning.redis(there)}


def test_the_queues_redis_must_not_throw_jobs_away():
	assert redis("queue") == {"Redis of the queue": None}
	assert redis("queue", policy="allkeys-lru", evicted=7)["maxmemory-policy"] == "noeviction"


def test_a_cache_with_a_limit_has_to():
	assert redis("cache", maxmemory=100.0 * MB)["maxmemory-policy"] == "allkeys-lru"
	assert redis("cache", maxmemory=100.0 * MB, policy="allkeys-lru") == {"Redis of the cache": None}


@pytest.mark.parametrize(
	"rest, setting, advised",
	[
		({"maxmemory": 11.0 * MB}, "maxmemory", "128M"),
		({"clients": 9000}, "maxclients", "20000"),
		({"rejected": 1}, "maxclients", "20000"),
		({"problem": "it does not answer: refused"}, "Redis of the queue", "running"),
	],
)
def test_a_redis_that_is_full_or_far_or_away_is_named(rest: dict[str, Any], setting: str, advised: str):
	assert redis("queue", **rest)[setting] == advised


def test_a_redis_that_is_far_away_is_told():
	there = evidence_of(redis=(Redis("queue", policy="noeviction", ping_seconds=0.02),))
	assert "far away" in tuning.redis(there)[0].why


def test_sqlite_has_nothing_to_set():
	assert tuning.database(replace(evidence_of(), database=None), ONE_NODE) == []
