"""The Procfile that bench writes, with as many workers as are wanted."""

from pathlib import Path

import pytest

from dogansystem.homes.bench.managers import ManagerError
from dogansystem.homes.bench.procfile import Procfile, with_workers

# As bench's template renders it.
WRITTEN = """redis_cache: redis-server config/redis_cache.conf

web: bench serve  --port 8000

worker:  bench worker 1>> logs/worker.log 2>> logs/worker.error.log

worker_dogansystem:  bench worker --queue dogansystem 1>> logs/worker.log 2>> logs/worker.error.log

worker_dogansystem-slow:  bench worker --queue dogansystem-slow 1>> logs/worker.log 2>> logs/worker.error.log

"""
OURS = "worker_dogansystem:  bench worker --queue dogansystem 1>> logs"
POOL = "worker_dogansystem:  bench worker-pool --queue dogansystem --num-workers 4 1>> logs"


def test_the_line_of_bench_becomes_a_pool_and_all_else_stays():
	assert with_workers(WRITTEN, 4) == WRITTEN.replace(OURS, POOL)


def test_a_pool_gets_another_number():
	pool = with_workers(WRITTEN, 4)
	assert with_workers(pool, 20) == pool.replace("--num-workers 4", "--num-workers 20")
	before = "w: nice bench worker-pool --num-workers=3 --queue=dogansystem --quiet\n"
	assert (
		with_workers(before, 5) == "w: nice bench worker-pool --queue=dogansystem --num-workers 5 --quiet\n"
	)


@pytest.mark.parametrize("before", ["", "web: bench serve\n", "web: bench serve"])
def test_without_a_line_of_ours_one_is_added(before: str):
	lines = with_workers(before, 3).splitlines()
	assert lines[: len(before.splitlines())] == before.splitlines()
	assert lines[-1].startswith(
		"worker_dogansystem: bench worker-pool --queue dogansystem --num-workers 3 1>> "
	)


def test_where_there_is_no_procfile_it_says_how_to_get_one(tmp_path: Path):
	with pytest.raises(ManagerError, match="bench setup procfile"):
		Procfile(tmp_path).file(2, 2)
