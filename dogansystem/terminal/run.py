"""`dogansystem run`: one definition, run in a sandbox to its end."""

import threading
from collections.abc import Callable, Mapping
from typing import Any

from dogansystem.agents.ai import shown
from dogansystem.engine.definition import Definition
from dogansystem.engine.errors import InputError
from dogansystem.homes.sandbox import Sandbox
from dogansystem.orchestrator import Orchestrator
from dogansystem.protocol.people import ADMINISTRATOR
from dogansystem.proving.course import Course
from dogansystem.terminal import files
from dogansystem.triggers import webhook
from dogansystem.worker.drainer import Drainer

PATIENCE = 20.0  # seconds a run waits for a database that takes nothing


def start(
	site: Sandbox,
	definition: Definition,
	given: Any,
	document: Mapping[str, Any] | None,
	parameters: Mapping[str, Any],
	delivery: webhook.Delivery | None = None,
) -> str:
	"""Keep the definition, set its `parameters`, register the agents that it names and that are missing, and start a run:
	by hand, or by a `delivery` to its webhook. Raises InputError if that starts none."""
	orchestrator = Orchestrator(site)
	orchestrator.save_workflow(definition, True, parameters)
	register_agents(orchestrator, definition)
	trigger = {"on": "manual"}
	if delivery:
		run = webhook.deliver(site, definition.name, delivery)
		if run is None:
			raise InputError(
				"--webhook: the delivery starts no run: the `if` of no webhook trigger is true for it."
			)
	else:
		run = orchestrator.start_run(
			definition.name, given, document=document, cause="manual", trigger=trigger
		)
	site.database.commit()
	return run


def delivery(text: str) -> webhook.Delivery:
	"""The delivery of `--webhook`, as JSON text or `@FILE`. Raises FileError."""
	value = files.json_value(text, "--webhook")
	if not isinstance(value, Mapping) or value.keys() - {"body", "headers", "query", "delivery"}:
		raise files.FileError(
			"--webhook: must be a mapping with `body`, and maybe `headers`, `query` and `delivery`. Write it as"
			' \'{"body": {"id": 1}}\'.'
		)
	for key in ("headers", "query"):
		if not isinstance(value.get(key, {}), Mapping):
			raise files.FileError(f"--webhook: {key}: must be a mapping of names to values.")
	return delivery_of(value)


def delivery_of(value: Mapping[str, Any]) -> webhook.Delivery:
	"""The delivery that a mapping of `body`, `headers`, `query` and `delivery` describes."""
	headers = {str(name).lower(): str(each) for name, each in value.get("headers", {}).items()}
	identity = value.get("delivery")
	return webhook.Delivery(
		value.get("body"), headers, dict(value.get("query", {})), None if identity is None else str(identity)
	)


def work_until_over(site: Sandbox, course: Course, workers: int) -> None:
	"""Execute with that many workers, this thread being one of them, until the run has ended or rests for good.

	Raises what a worker could not go on with, such as NoRoom on a disk that stays full.
	"""
	failures: list[Exception] = []

	def work() -> None:
		try:
			_work(site, course.is_finished)
		except Exception as error:
			failures.append(error)
			site.stop()

	names = [f"worker-{number}" for number in range(2, workers + 1)]
	threads = [threading.Thread(target=work, name=name, daemon=True) for name in names]
	for thread in threads:
		thread.start()
	try:
		_work(site, course.is_over)
	finally:
		site.stop()
		for thread in threads:
			thread.join()
	if failures:
		raise failures[0]


def result(site: Sandbox, run: str, first_change: int, first_message: int) -> dict[str, Any]:
	"""The run as `--json` prints it, with the documents it has written and the messages it has sent."""
	found = shown.with_asks(site, Orchestrator(site).get_run(run))
	return found | {"documents": _documents(site, first_change), "outbox": site.outbox(first_message)}


def marks(site: Sandbox) -> tuple[int, int]:
	"""Up to where changes and messages were there before."""
	changes, messages = site.changes(), site.outbox()
	return (changes[-1]["id"] if changes else 0), (messages[-1]["id"] if messages else 0)


def _work(site: Sandbox, is_over: Callable[[], bool]) -> None:
	while not site.stop_requested() and not is_over():
		Drainer(site, until=is_over, patience=PATIENCE).run()


def register_agents(orchestrator: Orchestrator, definition: Definition) -> None:
	"""Register the agents that a definition names and that are missing; the caller commits."""
	known = orchestrator.list_agents()
	names = {agent["name"] for agent in known}
	able = {capability for agent in known for capability in agent["capabilities"]}
	user = orchestrator.site.user
	for step in definition.steps:
		if step.agent and step.agent not in names:
			names.add(step.agent)
			orchestrator.register_agent(step.agent, user)
		if step.capability and step.capability not in able:
			able.add(step.capability)
			orchestrator.register_agent(f"Agent for {step.capability}", user, [step.capability])


def _documents(site: Sandbox, after: int) -> dict[str, list[dict[str, Any]]]:
	"""What was created and what was updated since, each document as it is now."""
	created: dict[tuple[str, str], None] = {}
	updated: dict[tuple[str, str], None] = {}
	for change in site.changes(after):
		key = (change["doctype"], change["name"])
		if change["event"] == "created":
			created[key] = None
		elif change["event"] == "deleted":
			created.pop(key, None)
			updated.pop(key, None)
		elif key not in created:
			updated[key] = None
	with site.acting_as(ADMINISTRATOR):
		return {
			"created": [site.documents.get(*key) for key in created],
			"updated": [site.documents.get(*key) for key in updated],
		}
