"""The rows of the decision matrix, and the commands of a plan, each with what it does. The commands are this app's own and
those of deploy/."""

from dataclasses import dataclass

from dogansystem.scaling.evidence import Evidence
from dogansystem.scaling.sizing import Size, connections_needed

COMPOSE = "docker compose -f compose.yaml -f docker-compose.scale.yml up -d"
VERTICAL, HORIZONTAL, CLOUD, NONE = "vertical", "horizontal", "cloud", "none"


@dataclass(frozen=True, slots=True)
class Row:
	"""A row of the matrix: which way to grow, how long that takes, and what it costs. `direction` is for programs."""

	scenario: str
	direction: str
	recommendation: str
	time: str
	cost: str


TARGETS = {
	"2x": Row("Need 2x capacity", VERTICAL, "Vertical scaling", "1 day", "Low"),
	"5x": Row("Need 5x capacity", HORIZONTAL, "Horizontal scaling", "1 week", "Medium"),
	"ha": Row("Need high availability", HORIZONTAL, "Horizontal scaling", "1 week", "Medium"),
	"unlimited": Row("Need unlimited scale", CLOUD, "Cloud + Kubernetes", "2 weeks", "Higher"),
}

# What the measured load makes of a site that has named no target.
FIRST = Row("Workers are enough", NONE, "Remove the bottleneck first", "None", "None")
MISSING = Row("Workers are missing", NONE, "Start them", "None", "None")
ENOUGH = Row("Capacity is enough", NONE, "Nothing to do", "None", "None")
SMALL = Row("Small business", VERTICAL, "Vertical scaling", "1 day", "Low")
GROWING = Row("Growing business", HORIZONTAL, "Horizontal scaling", "1 week", "Medium")
ENTERPRISE = Row("Enterprise", CLOUD, "Cloud + Auto-scaling", "2 weeks", "Higher")


@dataclass(frozen=True, slots=True)
class Order:
	"""Something to type, or, where `command` is empty, to do."""

	command: str
	what: str


def of(evidence: Evidence, row: Row, now: Size, then: Size, agents: int | None) -> list[Order]:
	"""What to do, in order: first what is recorded, then what changes, then what checks it."""
	if row is MISSING:
		return _changes(evidence, row, Size(0, 1, 0.0), now, None)
	if row.direction == NONE:
		return []
	found = [*_connections(evidence, then), *_changes(evidence, row, now, then, agents)]
	if evidence.on_bench:
		bench = f"bench --site {evidence.site} dogansystem"
		found.insert(0, Order(f"{bench} baseline", "Records how it goes now."))
		found.append(Order(f"{bench} compare", "An hour later: what was gained."))
	return found


def _changes(evidence: Evidence, row: Row, now: Size, then: Size, agents: int | None) -> list[Order]:
	if row.direction == CLOUD:
		return _cloud(then)
	if not evidence.on_bench:
		command = f"dogansystem serve --db URL --workers {then.in_all}"
		return [Order(command, "Works with that many processes.")]
	found = []
	if then.cores > now.cores:
		found.append(Order("", f"Move to a machine with {then.cores:g} cores."))
	if then.workers != now.workers or agents:
		more, limit = (f" --agents {agents}", " and the limit of agents") if agents else ("", "")
		where = "this node" if then.nodes == 1 else "each node"
		found.append(
			Order(
				f"bench --site {evidence.site} dogansystem scale --workers {then.workers}{more}",
				f"Sets the workers of {where}{limit}.",
			)
		)
	return found + (_nodes(then) if then.nodes > now.nodes else [])


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
			"kubectl patch scaledobject dogansystem-worker --namespace erpnext --type merge"
			f' --patch \'{{"spec": {{"maxReplicaCount": {then.in_all}}}}}\'',
			"Sets the ceiling.",
		),
	]


def _connections(evidence: Evidence, then: Size) -> list[Order]:
	server, needed = evidence.database, connections_needed(evidence, then)
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
