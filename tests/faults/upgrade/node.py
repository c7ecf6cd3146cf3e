"""A node as a process: `PYTHONPATH=CHECKOUT python node.py work|desk URL OPTIONS`. Runs with the code of any release.

`work` is a worker as `dogansystem serve` has them. `desk` does what people do: it reads calls of the front door from its
input, a JSON object in each line, and answers each with a line.
"""

import json
import os
import select
import sys
import threading
import time
from importlib import import_module
from typing import Any

TRIES = 20  # of a call that loses against the workers


def main(what: str, url: str, options: dict[str, Any]) -> None:
	"""Be that node. Options: `node`, its name; `elsewhere`, whether nobody can ask for its process; `log`, a file;
	`knows`, a version of the tables that its code claims to know; `looks`, seconds between two looks at the database's
	clock."""
	sys.path.remove(os.path.dirname(os.path.abspath(__file__)))
	if options.get("log"):
		log = os.open(options["log"], os.O_CREAT | os.O_APPEND | os.O_WRONLY)
		os.dup2(log, 2)
	if os.environ.get("LD_PRELOAD"):
		# libfaketime 0.9.10 takes the end of a sleep, by the monotonic clock, for a time of the clock that it fakes.
		time.sleep = lambda seconds: select.select([], [], [], seconds) and None
	_leave_with_parent()
	_be(options["node"], options.get("elsewhere", False))
	if options.get("knows"):
		import_module("dogansystem.store.schema").STEPS[options["knows"]] = lambda db: None
	if options.get("looks"):
		import_module("dogansystem.homes.databases.clock").REFRESH_INTERVAL = options["looks"]
	{"work": _work, "desk": _desk}[what](url)


def _leave_with_parent() -> None:
	parent = os.getppid()

	def watch() -> None:
		while os.getppid() == parent:
			time.sleep(0.5)
		os._exit(1)

	threading.Thread(target=watch, daemon=True).start()


def _be(node: str, elsewhere: bool) -> None:
	identity: Any = import_module("dogansystem.worker.identity")
	space = f"elsewhere {os.getpid()}" if elsewhere else identity.pid_space()
	identity.node = lambda: node
	identity.pid_space = lambda: space


def _work(url: str) -> None:
	try:
		heartbeat: Any = import_module("dogansystem.worker.heartbeat")
		heartbeat.INTERVAL = 0.3
	except ImportError:  # its name in the release 1e0b184
		beat: Any = import_module("dogansystem.worker.beat")
		beat.BEAT_INTERVAL = 0.3
	serve: Any = import_module("dogansystem.terminal.serve")
	serve.Sandbox = import_module("tests.faults.actions").FaultSandbox
	serve.work(url)


def _desk(url: str) -> None:
	site = import_module("tests.faults.actions").FaultSandbox(url)
	orchestrator = import_module("dogansystem").Orchestrator(site)
	site.set_settings(lease_seconds=2.0, linger_seconds=1)
	tick = import_module("dogansystem.worker.tick").tick
	special = {
		"tick": lambda: tick(site),
		"file": lambda: import_module("dogansystem").__file__,
		"now": site.now,
		"machine": time.time,
	}
	print(json.dumps({"result": "ready"}), flush=True)
	for line in sys.stdin:
		name, arguments, named = json.loads(line)
		call = special.get(name) or getattr(orchestrator, name)
		print(json.dumps(_answer(site, call, arguments, named), default=str), flush=True)


def _answer(site: Any, call: Any, arguments: list[Any], named: dict[str, Any]) -> dict[str, Any]:
	for left in reversed(range(TRIES)):
		try:
			result = call(*arguments, **named)
			site.database.commit()
			return {"result": result}
		except Exception as error:
			again = left and site.database.is_conflict(error)
			site.database.rollback()
			if not again:
				return {"error": type(error).__name__, "message": str(error)}
			time.sleep(0.02)
	raise AssertionError("unreachable")


if __name__ == "__main__":
	main(sys.argv[1], sys.argv[2], json.loads(sys.argv[3]))
