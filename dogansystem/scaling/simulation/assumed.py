"""What steps are taken to need when nobody says and nothing was measured."""

from dogansystem.engine.definition import Definition
from dogansystem.scaling.simulation.words import service
from dogansystem.scaling.simulation.workload import Service

# A document inserted on a site took 5 ms; what goes out waits for somebody else's server. Everything else hardly counts.
BY_FAMILY = {
	"document": "cpu 5ms",
	"email": "cpu 10ms",
	"notify": "cpu 5ms",
	"method": "cpu 10ms",
	"report": "cpu 100ms",
	"http": "wait lognormal 200ms cv 1",
	"agent": "wait lognormal 5s cv 1",
}


def services(definition: Definition) -> tuple[dict[str, Service], list[str]]:
	"""The services of a workflow's steps by their ids, and in words what was assumed."""
	found, words = {}, {}
	for step in definition.steps:
		family = step.action.partition(".")[0]
		if family in BY_FAMILY:
			found[step.id] = service(BY_FAMILY[family])
			words[family] = f"{family}.*: {BY_FAMILY[family]}"
	return found, list(words.values())
