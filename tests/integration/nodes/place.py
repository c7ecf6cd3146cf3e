"""Nodes that join, leave and fail: each is a host with workers of one site."""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from dogansystem.protocol import Site
from tests.faults.load import PERSON
from tests.integration.nodes.load import Load
from tests.integration.nodes.network import Host, Hosts, Program, network
from tests.integration.nodes.servers import mariadb_server
from tests.integration.nodes.worker import NodeSandbox

CHECKOUT = Path(__file__).parents[3]
COMES = 240.0  # seconds in which a node's workers are there, on a machine that does something else too
LEAVES = 60.0  # seconds


@dataclass(frozen=True, slots=True)
class Node:
	"""A host and the program that keeps its workers."""

	name: str
	workers: int
	host: Host
	program: Program

	def kill(self) -> None:
		"""End it as a power cut does: nobody is told, all its connections stay open at their other end."""
		self.host.unplug()
		self.host.kill()


@dataclass(slots=True)
class Place:
	"""A site and the nodes that work for it.

	Attributes:
		command: what a node runs, given how many workers.
		folder: where it runs, with this environment.
	"""

	site: Site
	load: Load
	hosts: Hosts
	logs: Path
	command: Callable[[int], list[str]]
	folder: Path
	environment: Mapping[str, str] = field(default_factory=dict)

	def join(self, name: str, workers: int) -> Node:
		"""Start a node; `wait_for` waits until its workers are there."""
		host = self.hosts.new(name)
		log = self.logs / f"{name}.log"
		program = host.start(self.command(workers), log, self.folder, **self.environment)
		return Node(name, workers, host, program)

	@contextmanager
	def nodes(self, *sizes: int) -> Iterator[list[Node]]:
		"""Nodes with so many workers each, named node-1 and on, until the block ends."""
		joined = [self.join(f"node-{number}", workers) for number, workers in enumerate(sizes, start=1)]
		try:
			self.wait_for(*joined)
			yield joined
		finally:
			self.leave(*joined)

	def wait_for(self, *nodes: Node) -> None:
		"""Wait until all workers of these nodes are at work. Raises AssertionError with what they printed."""
		until = time.monotonic() + COMES
		while any(self.alive(node.name) < node.workers for node in nodes):
			for node in nodes:
				assert node.program.is_alive and time.monotonic() < until, self._why(node)
			self.site.doorbell.ring()  # as the tick does while work waits
			time.sleep(0.1)

	def alive(self, name: str) -> int:
		"""How many workers of a node are registered."""
		query = "SELECT COUNT(*) FROM dogan_process WHERE node = %s AND id > 0"
		return int(self.load.ask(query, (name,))[0][0])

	def leave(self, *nodes: Node) -> None:
		"""Send nodes away, all at once, and wait until they are gone. One that was killed has gone already."""
		for node in nodes:
			node.program.terminate()
		for node in nodes:
			node.program.join(LEAVES)
			node.host.kill()

	def _why(self, node: Node) -> str:
		there = self.alive(node.name)
		return f"{there} of {node.workers} workers of {node.name}:\n{node.program.log.read_text()[-2000:]}"


@contextmanager
def sandbox_place(**settings: float) -> Iterator[Place]:
	"""A sandbox on a MariaDB in a network of its own."""
	with ExitStack() as stack:
		stack.enter_context(network())
		server = stack.enter_context(mariadb_server())
		url = server.new_database("nodes")
		site = stack.enter_context(NodeSandbox(url))
		site.set_settings(**settings)
		hosts = stack.enter_context(Hosts())
		logs = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dogansystem-nodes-")))
		yield Place(
			site,
			Load(site, PERSON),
			hosts,
			logs,
			lambda workers: [sys.executable, "-m", "tests.integration.nodes.worker", url, str(workers)],
			CHECKOUT,
			{"PYTHONPATH": str(CHECKOUT)},
		)
