"""The commands of a plan, each with what it does. They are this app's own and those of deploy/."""

from dataclasses import dataclass

from dogansystem.scaling import matrix
from dogansystem.scaling.evidence import Evidence
from dogansystem.scaling.expectation import Size
from dogansystem.scaling.fit import connections_needed
from dogansystem.scaling.matrix import Row

COMPOSE = "docker compose -f compose.yaml -f docker-compose.scale.yml up -d"


@dataclass(frozen=True, slots=True)
class Order:
	"""Something to type, or, where `command` is empty, to do."""

	command: str
	what: str


def of(evidence: Evidence, row: Row, now: Size, then: Size, agents: int | None) -> list[Order]:
	"""What to do, in order: first what is recorded, then what changes, then what checks it."""
	if row is matrix.MISSING:
		return _changes(evidence, row, Size(0, 1, 0.0), now, None)
	if row.direction == matrix.NONE:
		return []
	found = [*_connections(evidence, now, then), *_changes(evidence, row, now, then, agents)]
	if evidence.on_bench:
		bench = f"bench --site {evidence.site} dogansystem"
		found.insert(0, Order(f"{bench} baseline", "Records how it goes now."))
		found.append(Order(f"{bench} compare", "An hour later: what was gained."))
	return found


def _changes(evidence: Evidence, row: Row, now: Size, then: Size, agents: int | None) -> list[Order]:
	if row.direction == matrix.CLOUD:
		return _cloud(then)
	if not evidence.on_bench:
		return [
			Order(
				f"dogansystem serve --db URL --workers {then.in_all}",
				"Works with that many processes.",
			)
		]
	found = []
	if then.cores > now.cores:
		found.append(Order("", f"Move to a machine with {then.cores:g} cores."))
	if then.workers != now.workers or agents:
		found.append(_scale(evidence, then, agents))
	if then.nodes > now.nodes:
		found += _nodes(then)
	return found


def _scale(evidence: Evidence, then: Size, agents: int | None) -> Order:
	more = f" --agents {agents}" if agents else ""
	where = "this node" if then.nodes == 1 else "each node"
	return Order(
		f"bench --site {evidence.site} dogansystem scale --workers {then.workers}{more}",
		f"Sets the workers of {where}{' and the limit of agents' if agents else ''}.",
	)


def _nodes(then: Size) -> list[Order]:
	return [
		Order(
			f"NUM_WORKERS={then.workers} {COMPOSE} --scale node={then.nodes}",
			"With Docker Compose: that many nodes.",
		),
		Order(
			f"systemctl enable --now dogansystem-workers.target dogansystem-worker@{{1..{then.workers}}}",
			"Without containers: on each new node, with deploy/systemd and the bench's folder `sites` shared.",
		),
	]


def _cloud(then: Size) -> list[Order]:
	return [
		Order(
			"kubectl apply --namespace erpnext --kustomize deploy/kubernetes/overlays/aws",
			"Or gcp, or azure: workers, spot workers, and KEDA that counts them.",
		),
		Order(
			f"kubectl patch scaledobject dogansystem-worker --namespace erpnext --type merge"
			f' --patch \'{{"spec": {{"maxReplicaCount": {then.in_all}}}}}\'',
			"Sets the ceiling.",
		),
	]


def _connections(evidence: Evidence, now: Size, then: Size) -> list[Order]:
	server = evidence.database
	needed = connections_needed(evidence, then)
	if server is None or needed <= server.max_connections:
		return []
	return [
		Order(
			f"SET GLOBAL max_connections = {rounded(needed)}",
			f"In MariaDB, and in its configuration: {needed} are needed, {server.max_connections} allowed.",
		)
	]


def rounded(connections: int) -> int:
	"""Up to the next 50."""
	return -(-connections // 50) * 50
