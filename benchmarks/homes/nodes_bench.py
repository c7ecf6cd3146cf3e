"""Nodes of a bench: hosts that share its folder, a MariaDB and a Redis, each with RQ workers in a pool.

`python -m benchmarks.homes.nodes_bench BENCH_FOLDER OUT [--quick]` with the bench's own Python, as `homes.bench` calls
such a program: it makes the network, the servers and a site on them; `homes.nodes_site` then measures.
"""

import json
import os
import sys
from contextlib import ExitStack
from pathlib import Path

from benchmarks.report import say
from tests.bench.place import APP, Bench, CommandFailed, temporary_bench
from tests.bench.server import Unusable
from tests.integration.nodes.network import HERE, network, why_not
from tests.integration.nodes.servers import mariadb_server, redis_server

HOOKS = '\ndogansystem_actions = ["tests.faults.actions.Effect"]\n'


def main(folder: str, out: str, *options: str) -> None:
	"""Make everything, measure, take it away again."""
	try:
		with ExitStack() as stack:
			bench = _bench(stack, Path(folder))
			bench.frappe("install-app", APP)
			bench.python("-m", "benchmarks.homes.nodes_site", out, *options)
	except Unusable as problem:
		Path(out).write_text(json.dumps({"unusable": str(problem)}))
	except CommandFailed as error:
		sys.exit(f"Failed: {error}")


def _bench(stack: ExitStack, folder: Path) -> Bench:
	problem = why_not()
	if problem:
		raise Unusable(problem)
	outside = stack.enter_context(network())
	server = stack.enter_context(mariadb_server())
	os.environ["DOGAN_TEST_MARIADB"] = f"mariadb://root@{HERE}:{server.port}"
	os.environ["DOGAN_TEST_REDIS"] = stack.enter_context(redis_server())
	say("a site on servers that several hosts reach")
	bench = stack.enter_context(temporary_bench(folder, apps=("frappe",), online=outside))
	with (bench.app / APP / "hooks.py").open("a") as hooks:
		hooks.write(HOOKS)
	return bench


if __name__ == "__main__":
	main(*sys.argv[1:])
