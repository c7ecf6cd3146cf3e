"""Real workers of the bench, as `bench worker` starts them, and ways for them to die."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from frappe.utils.background_jobs import get_redis_conn

LEAVE = 20.0  # seconds
BENCH = ("-m", "frappe.utils.bench_helper", "frappe")


class Worker:
	"""An RQ worker with its own process for each job. Used as a context: at the end nothing of it lives."""

	def __init__(self, queues: str = "dogansystem", node: str | None = None) -> None:
		"""`node`: the name of the machine it runs on, as it sees it; only root may choose one."""
		self.log = Path("..") / "logs" / "worker.log"
		with self.log.open("ab") as output:
			self.process = subprocess.Popen(
				[*_on(node), sys.executable, *BENCH, "worker", "--queue", queues],
				stdin=subprocess.DEVNULL,
				stdout=output,
				stderr=output,
				start_new_session=True,
			)

	def __enter__(self) -> "Worker":
		return self

	def __exit__(self, *_: object) -> None:
		for pid in [*self.horses(), self.process.pid]:
			_kill(pid)
		self.process.wait()

	def horses(self) -> list[int]:
		"""The processes that execute a job for this worker."""
		try:
			children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
		except FileNotFoundError:
			return []
		return [int(pid) for pid in children.split()]

	def kill(self) -> None:
		"""`kill -9` of the worker and of the process that executes its job, at once."""
		for pid in [self.process.pid, *self.horses()]:
			_kill(pid)
		self.process.wait()

	def kill_alone(self) -> int:
		"""`kill -9` of the worker only; gives the process of its job, which nobody watches any more."""
		(horse,) = self.horses()
		_kill(self.process.pid)
		self.process.wait()
		return horse

	def terminate(self) -> float:
		"""SIGTERM, as a deploy sends it; gives the seconds until the worker has left."""
		self.tell_to_leave()
		return self.wait()

	def tell_to_leave(self) -> None:
		"""SIGTERM, and no waiting."""
		self.process.send_signal(signal.SIGTERM)

	def is_leaving(self) -> bool:
		"""Whether it has heard that it is to leave, and waits for its job: RQ notes it for the process of the job."""
		connection = get_redis_conn()
		found = [connection.hgetall(key) for key in connection.scan_iter("rq:worker:*")]
		(own,) = (each for each in found if int(each.get(b"pid", 0)) == self.process.pid)
		return b"shutdown_requested_date" in own

	def wait(self) -> float:
		"""Wait until it has left; gives the seconds."""
		started = time.monotonic()
		self.process.wait(LEAVE)
		return time.monotonic() - started


def _on(node: str | None) -> list[str]:
	"""What to put before a command to have it run on a machine of that name."""
	if node is None:
		return []
	return ["unshare", "--uts", "sh", "-c", f'hostname {node}; exec "$@"', "sh"]


def is_alive(pid: int) -> bool:
	"""Whether a process lives, and is not only waiting to be buried."""
	try:
		return "Z" not in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
	except (FileNotFoundError, ProcessLookupError):
		return False


def _kill(pid: int) -> None:
	try:
		os.kill(pid, signal.SIGKILL)
	except ProcessLookupError:
		pass
