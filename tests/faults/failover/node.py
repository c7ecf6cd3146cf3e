"""`dogansystem serve` with the actions of these tests: `python -m tests.faults.failover.node URL WORKERS`."""

import os
import sys
from dataclasses import replace

from dogansystem.homes.databases import liveness
from dogansystem.store.changes import statements
from dogansystem.terminal import serve
from dogansystem.worker import heartbeat, tick
from tests.faults.failover.actions import ListSandbox

LEASE = 2.0  # seconds
FENCE = "DOGAN_TEST_FENCE"  # environment variable; "off": whoever writes is not asked for a lease


def _without_fence() -> None:
	"""Plant the fault that the fence is there for: the end of an attempt is written, lease or no lease."""
	right = statements._fence_statement

	def wrong(*rest: object) -> object:
		return replace(right(*rest), must=False)  # type: ignore[arg-type]

	statements._fence_statement = wrong  # type: ignore[assignment]


# Here, because each worker process imports this module again. All are faster than in production, as the lease is shorter.
serve.Sandbox = ListSandbox  # type: ignore[misc]
serve.TICK_INTERVAL = tick.TURN = 1.0
heartbeat.INTERVAL = 0.3
liveness.IDLE, liveness.INTERVAL, liveness.PROBES = 1, 1, 3
if os.environ.get(FENCE) == "off":
	_without_fence()

if __name__ == "__main__":
	serve.serve(sys.argv[1], int(sys.argv[2]), lambda text: print(text, flush=True))
