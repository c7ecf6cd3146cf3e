"""A Galera cluster of two nodes: one is written to. Workers that are sent to the other one claim nothing, and say so."""

import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from dogansystem import Orchestrator
from tests.conftest import Tell
from tests.faults.failover import actions, node, work
from tests.faults.failover.database import PORT, SITE, Database, new_data
from tests.faults.failover.place import CHECKOUT
from tests.faults.load import wait_for
from tests.integration.nodes import network
from tests.integration.nodes.network import Host, Hosts

PROVIDER = Path("/usr/lib/galera/libgalera_smm.so")
RUNS = 10
ENDS = 60.0  # seconds

pytestmark = [
	pytest.mark.skipif(network.why_not() is not None, reason=f"no hosts: {network.why_not()}"),
	pytest.mark.skipif(not PROVIDER.exists(), reason="no Galera here; install galera-4"),
]


@dataclass
class Cluster:
	"""Two servers, each of which can be written to, and hosts for workers."""

	hosts: Hosts
	folder: Path
	sockets: Path  # a short one: the path of a socket has at most 107 letters
	servers: list[Database]

	def url(self, number: int) -> str:
		return f"mariadb://{SITE}@{self.servers[number].host.address}:{PORT}/{SITE}"

	def work_at(self, number: int) -> tuple[Host, Path]:
		"""A host with a worker of a server, and what it prints."""
		host = self.hosts.new(f"node-{number + 1}")
		log, temporary = self.folder / f"{host.name}.log", self.sockets / host.name
		temporary.mkdir()
		command = [sys.executable, "-m", node.__name__, self.url(number), "1"]
		host.start(command, log, CHECKOUT, PYTHONPATH=str(CHECKOUT), TMPDIR=str(temporary))
		return host, log


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
	with network.network(), Hosts() as hosts, tempfile.TemporaryDirectory(prefix="dogan-") as sockets:
		found = [hosts.new(f"db-{number}") for number in (1, 2)]
		new = new_data(tmp_path)
		servers: list[Database] = []
		try:
			for number, host in enumerate(found, start=1):
				others = ",".join(each.host.address for each in servers)
				servers.append(Database(host, number, tmp_path, new, _options(host, others)))
				if number > 1:
					_prepare(servers[-1], servers[0])
				servers[-1].start()
			wait_for(lambda: all(_is_joined(each) for each in servers), ENDS)
			servers[0].ask(f"CREATE DATABASE {SITE} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci")
			yield Cluster(hosts, tmp_path, Path(sockets), servers)
		finally:
			for each in servers:
				each.close()


def _prepare(joining: Database, first: Database) -> None:
	"""Say that it has what the first one has: both begin with the same data, so that none have to be sent."""
	at = first.status("wsrep_cluster_state_uuid"), first.status("wsrep_last_committed")
	state = "# GALERA saved state\nversion: 2.1\nuuid: {}\nseqno: {}\nsafe_to_bootstrap: 0\n"
	(joining.data / "grastate.dat").write_text(state.format(*at))


def _is_joined(server: Database) -> bool:
	names = ("wsrep_cluster_size", "wsrep_local_state_comment")
	return [server.status(name) for name in names] == ["2", "Synced"]


def _options(host: Host, others: str) -> list[str]:
	return [
		*("--read-only=0", "--skip-log-bin", "--innodb-autoinc-lock-mode=2", "--wsrep-on=1"),
		*(f"--wsrep-provider={PROVIDER}", f"--wsrep-cluster-address=gcomm://{others}"),
		*(f"--wsrep-node-address={host.address}", f"--wsrep-node-name={host.name}", "--bind-address=0.0.0.0"),
	]


def test_workers_at_a_second_writer_claim_nothing_until_the_first_is_gone(cluster: Cluster, tell: Tell):
	with node.ListSandbox(cluster.url(0)) as site, node.ListSandbox(cluster.url(1)) as other:
		site.set_settings(lease_seconds=node.LEASE, linger_seconds=1)
		site.database.execute(actions.TABLE)
		orchestrator = Orchestrator(site)
		orchestrator.import_workflow(next(each for each in work.definitions() if each["name"] == "chain"))
		site.database.commit()

		first, _ = cluster.work_at(0)
		_wait_for_runs(site)
		_, log = cluster.work_at(1)
		wait_for(lambda: log.exists() and "writer.elsewhere" in log.read_text(), ENDS)
		_wait_for_runs(site)
		assert set(_workers(site)) == {"node-1"}
		assert "second_writer" in [each["code"] for each in Orchestrator(other).get_problems()]
		assert "second_writer" not in [each["code"] for each in orchestrator.get_problems()]

		first.unplug()
		first.kill()
		began = time.monotonic()
		_wait_for_runs(other)
		assert set(_workers(other)) == {"node-1", "node-2"}
		assert "second_writer" not in [each["code"] for each in Orchestrator(other).get_problems()]
	tell(
		"Galera, workers at a second writer",
		claimed_there=0,
		taken_over_after=round(time.monotonic() - began, 1),
	)


def _wait_for_runs(site: node.ListSandbox) -> None:
	"""Start some runs, and wait until they have ended well."""
	orchestrator = Orchestrator(site)
	runs = [orchestrator.start_run("chain") for _ in range(RUNS)]
	site.database.commit()

	def have_ended() -> bool:
		site.database.rollback()
		return {orchestrator.get_run(run)["status"] for run in runs} == {"Succeeded"}

	wait_for(have_ended, ENDS)


def _workers(site: node.ListSandbox) -> list[str]:
	"""The nodes whose workers have done a step."""
	query = "SELECT DISTINCT SUBSTRING_INDEX(worker, ':', 1) FROM `tabDogan Step Run` WHERE worker > ''"
	site.database.rollback()
	return [row[0] for row in site.database.sql(query)]
