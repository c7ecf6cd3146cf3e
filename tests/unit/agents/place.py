"""A sandbox with an AI agent, whose model is a function of the test."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from dogansystem import Orchestrator, Sandbox
from dogansystem.agents.ai.conversation import Answer, Asked, Model
from dogansystem.agents.ai.providers import scripted
from dogansystem.engine.states import RUN_FINISHED
from dogansystem.homes.sandbox import TestClock
from dogansystem.store import asks
from dogansystem.worker.drainer import Drainer

AGENT, BOSS = "clerk@example.com", "boss@example.com"
Run = Mapping[str, Any]
Says = Callable[[Model, Asked, str], Answer]


class Saying:
	"""A model that says these things, one for each request, and keeps what it was asked. Exceptions are raised."""

	def __init__(self, *answers: Any) -> None:
		self.answers = list(answers)
		self.asked: list[tuple[str, Asked]] = []

	def __call__(self, model: Model, asked: Asked, step: str) -> Answer:
		self.asked.append((model.name, asked))
		found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
		if isinstance(found, Exception):
			raise found
		return found if isinstance(found, Answer) else scripted.said(found, len(self.asked), asked)


def call(tool: str, **params: Any) -> dict[str, Any]:
	"""What a model says that wants a tool to be called."""
	return {"call": {"tool": tool, "params": params}}


@contextmanager
def office(
	says: Says | None = None,
	tools: Sequence[Mapping[str, Any]] = (),
	*,
	model: Mapping[str, Any] | None = None,
	documents: Sequence[Mapping[str, Any]] = (),
	url: Any = None,
	**agent: Any,
) -> Iterator[Sandbox]:
	"""A sandbox with the AI agent Clerk."""
	with Sandbox(url, clock=TestClock(1_770_000_000.0), timezone="UTC") as site:
		site.set_settings(linger_seconds=0)
		site.models = says
		site.load_documents(
			[
				{
					"doctype": "Dogan Model",
					"name": "Fast",
					"provider": "scripted",
					"price_in": 1,
					"price_out": 5,
					**(model or {}),
				},
				*documents,
				{
					"doctype": "Dogan Agent",
					"name": "Clerk",
					"user": AGENT,
					"model": "Fast",
					"tools": list(tools),
					**agent,
				},
				{"doctype": "User", "name": AGENT, "enabled": 1, "roles": []},
				{"doctype": "User", "name": BOSS, "enabled": 1, "roles": [{"role": "Dogan Manager"}]},
			]
		)
		yield site


def step(**params: Any) -> dict[str, Any]:
	"""A step that asks Clerk."""
	more = {key: params.pop(key) for key in ("retry", "timeout", "for_each", "on_error") if key in params}
	return {
		"id": "ask",
		"action": "agent.ask",
		"params": {"agent": "Clerk", "prompt": "Do it", **params},
		**more,
	}


def start(site: Sandbox, *steps: Mapping[str, Any], **more: Any) -> str:
	"""Start a run of these steps; by default of one that asks Clerk."""
	source = {"name": "asks", "run_as": "person@example.com", "steps": list(steps or [step()]), **more}
	orchestrator = Orchestrator(site)
	orchestrator.import_workflow(source)
	run = orchestrator.start_run(source["name"], {})
	site.database.commit()
	return run


def work(site: Sandbox, run: str = "") -> Run:
	"""Work until there is nothing to do; gives the run."""
	Drainer(site, linger=0).run()
	site.database.rollback()
	return Orchestrator(site).get_run(run) if run else {}


def asked(site: Sandbox, *steps: Mapping[str, Any], **more: Any) -> Run:
	"""Run these steps to their end, or to where they rest."""
	return work(site, start(site, *steps, **more))


def output(found: Run) -> Any:
	"""The output of the step that asks."""
	assert found["status"] in RUN_FINISHED, found["steps"]
	return row(found)["output"]


def row(found: Run) -> Any:
	return next(each for each in found["steps"] if each["id"] == "ask" and each["index"] is None)


def turns(site: Sandbox, run: str) -> list[asks.Turn]:
	"""The turns of the ask of a run."""
	ask = asks.latest(site.database, f"{run}.ask")
	return asks.turns(site.database, ask.id) if ask else []


def decide(site: Sandbox, decision: str, comment: str = "", user: str = BOSS) -> dict[str, Any]:
	"""Decide the one approval that there is."""
	orchestrator = Orchestrator(site)
	(pending,) = orchestrator.pending_approvals()
	about = orchestrator.get_approval(pending["approval"])
	orchestrator.decide(pending["approval"], decision, user=user, comment=comment)
	site.database.commit()
	return {**about, **pending}
