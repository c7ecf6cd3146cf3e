"""Everything together: two servers, two nodes with workers and a client each, and somebody who looks on."""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from dogansystem import Orchestrator
from tests.faults.deciding import decider, found
from tests.faults.deciding import judge as decided
from tests.faults.failover import actions, client, history, node, work
from tests.faults.failover.checker import Acknowledged, Verdict
from tests.faults.failover.cluster import Cluster
from tests.faults.failover.node import FENCE, LEASE
from tests.faults.load import wait_for
from tests.integration.nodes.network import Host, Hosts, Program, network

CHECKOUT = Path(__file__).parents[3]
WORKERS = 3  # of a node
LEAVES = 90.0  # seconds
ALL_END = 180.0  # seconds
ENDS_TOLD = 30.0  # seconds until everybody was told of the end of what they were asked
STARTS = 60.0  # seconds
GETS_THERE = 90.0  # seconds
UNDER_WAY = "status NOT IN ('Succeeded', 'Failed', 'Cancelled')"


@dataclass(slots=True)
class Node:
	"""A host with workers, a client, and perhaps people who decide. `told`, `outside`, `decided`: the files in which they leave
	what they did."""

	host: Host
	workers: Program
	client: Program
	told: Path
	outside: Path
	people: list[Program]
	decided: Path


@dataclass(slots=True)
class Place:
	"""The cluster, and the nodes that work on it."""

	cluster: Cluster
	hosts: Hosts
	folder: Path
	nodes: list[Node]

	def start_node(self, *, fenced: bool, slow: int, asked: int) -> Node:
		"""Another node, with a client and, if one run in so many is `asked` about, people."""
		name = f"node-{len(self.nodes) + 1}"
		host = self.hosts.new(name)
		told, outside, decided = (self.folder / f"{name}.{kind}" for kind in ("told", "outside", "decided"))
		temporary = self.folder / name  # of its own: another machine's doorbell is not heard
		temporary.mkdir()
		about = {
			"PYTHONPATH": str(CHECKOUT),
			"TMPDIR": str(temporary),
			actions.OUTSIDE: str(outside),
			FENCE: "" if fenced else "off",
			client.SLOW: str(slow),
			client.ASKED: str(asked),
		}
		run, url = [sys.executable, "-m"], self.cluster.url
		log, talk = self.folder / f"{name}.log", self.folder / f"{name}-client.log"
		workers = host.start([*run, node.__name__, url, str(WORKERS)], log, CHECKOUT, **about)
		starter = host.start([*run, client.__name__, url, name, str(told)], talk, CHECKOUT, **about)
		decides = [*run, decider.__name__, url]
		people = [
			host.start([*decides, user, str(decided)], self.folder / f"{name}-{user}.log", CHECKOUT, **about)
			for user in (work.PEOPLE if asked else ())
		]
		self.nodes.append(Node(host, workers, starter, told, outside, people, decided))
		return self.nodes[-1]

	def wait_for_work(self) -> None:
		"""Wait until all workers are there and both clients have been told of a run."""
		until = time.monotonic() + STARTS
		while not all(len(client.read(each.told)) > 1 for each in self.nodes):
			assert time.monotonic() < until, self.printed()
			time.sleep(0.1)

	def slow_steps(self, number: int) -> dict[str, float]:
		"""The slow steps that workers of a node have in hand, as the primary knows it, and for how many seconds."""
		found = self.cluster.primary.ask(
			"SELECT l.step_run, UNIX_TIMESTAMP(NOW(6)) - l.begun_at FROM failover.dogan_lease l"
			" JOIN failover.dogan_process p ON p.id = ABS(l.process)"
			" JOIN failover.`tabDogan Workflow Run` r ON r.name = l.run WHERE l.begun_at IS NOT NULL"
			f" AND r.workflow = '{work.SLOW}' AND l.step_run LIKE '%.a' AND p.node = '{self.nodes[number].host.name}'"
		)
		return {str(step): float(seconds) for step, seconds in found}

	def wait_for(self, condition: Callable[[], object]) -> None:
		"""Wait until the load has come to something. Raises AssertionError, with what everybody does instead."""
		try:
			wait_for(condition, GETS_THERE)
		except AssertionError as error:
			raise AssertionError(f"{error}: {self.doing()}\n{self.printed()}") from error

	def doing(self) -> dict[str, object]:
		"""What there is to do, and what each node has in hand and for how many seconds, as the primary knows it."""
		ask = self.cluster.primary.ask
		in_hand = ask(
			"SELECT p.node, l.step_run, r.workflow, UNIX_TIMESTAMP(NOW(6)) - l.begun_at FROM failover.dogan_process p"
			" LEFT JOIN failover.dogan_lease l ON ABS(l.process) = p.id"
			" LEFT JOIN failover.`tabDogan Workflow Run` r ON r.name = l.run"
		)
		return {
			"ready": ask("SELECT COUNT(*) FROM failover.dogan_ready"),
			"runs": ask(
				"SELECT workflow, status, COUNT(*) FROM failover.`tabDogan Workflow Run` GROUP BY 1, 2"
			),
			"waits": ask(
				"SELECT kind, COUNT(*), MIN(due_at) - UNIX_TIMESTAMP() FROM failover.dogan_timer GROUP BY 1"
			),
			"told": [len(client.read(each.told)) for each in self.nodes],
			"in hand": in_hand,
		}

	def stop_clients(self) -> list[Acknowledged]:
		"""Send the clients away; gives everything that they were told."""
		for each in self.nodes:
			each.client.terminate()
		for each in self.nodes:
			each.client.join(LEAVES)
		return [told for each in self.nodes for told in client.read(each.told)]

	def wait_until_done(self) -> float:
		"""Wait until every run has ended; gives the seconds it took. Raises AssertionError."""
		began = time.monotonic()
		query = (
			f"SELECT name, workflow, status FROM failover.`tabDogan Workflow Run` WHERE {UNDER_WAY} LIMIT 20"
		)
		while left := self.cluster.primary.ask(query):
			assert time.monotonic() < began + ALL_END, f"{left}\n{self.printed()}"
			time.sleep(0.2)
		return time.monotonic() - began

	def decisions(self) -> "tuple[decided.Verdict, list[decided.Try]]":
		"""Judge what people have decided, and send them away; they were told so much. Everything has ended."""
		for person in [each for place in self.nodes for each in place.people]:
			person.terminate()
			person.join(LEAVES)
		tries = decider.read(*(each.decided for each in self.nodes))
		with node.ListSandbox(self.cluster.url) as site:
			wait_for(lambda: not _untold(site), ENDS_TOLD)
			return decided.judge(tries, found.approvals(site, history.branches(site))), tries

	def history(self) -> history.History:
		"""What is there now."""
		with node.ListSandbox(self.cluster.url) as site:
			return history.gather(site, [each.outside for each in self.nodes])

	def problems(self) -> set[str]:
		"""What the system says is wrong with it, seen by the site's own user."""
		with node.ListSandbox(self.cluster.url) as site:
			return {each["code"] for each in Orchestrator(site).get_problems()}

	def judge(self) -> "tuple[Verdict, history.History, list[Acknowledged]]":
		"""Let everything end, and judge it."""
		told = self.stop_clients()
		self.wait_until_done()
		found = self.history()
		return found.judge(told), found, told

	def printed(self) -> str:
		"""The last that everybody printed."""
		return "\n".join(f"{log}:\n{log.read_text()[-1500:]}" for log in sorted(self.folder.glob("*.log")))


def _untold(site: node.ListSandbox) -> bool:
	site.database.rollback()
	return bool(site.database.sql("SELECT 1 FROM `tabDogan Approval` WHERE untold = 1 LIMIT 1"))


@contextmanager
def place(*, semi_sync: bool = True, fenced: bool = True, slow: int = 0, asked: int = 0) -> Iterator[Place]:
	"""Two servers and two nodes at work on them. One run in so many is `slow`, or people are `asked`; 0: none."""
	with ExitStack() as stack:
		stack.enter_context(network())
		folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dogansystem-failover-")))
		hosts = stack.enter_context(Hosts())
		cluster = Cluster(hosts, folder, semi_sync=semi_sync)
		stack.callback(cluster.close)
		cluster.start()
		_fill(cluster)
		made = Place(cluster, hosts, folder, [])
		for _ in range(2):
			made.start_node(fenced=fenced, slow=slow, asked=asked)
		made.wait_for_work()
		yield made


def _fill(cluster: Cluster) -> None:
	"""Make the site, its workflows and the list."""
	with node.ListSandbox(cluster.url) as site:
		site.set_settings(lease_seconds=LEASE, linger_seconds=1)
		site.database.execute(actions.TABLE)
		orchestrator = Orchestrator(site)
		orchestrator.register_agent("Desk", work.PERSON, [], 2)
		for definition in work.definitions():
			orchestrator.import_workflow(definition)
		site.database.commit()
