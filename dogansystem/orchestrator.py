"""The front door: everything that people and programs can ask. It is the same on a bench and in the sandbox."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from functools import partial
from typing import Any

from dogansystem.actions import checking
from dogansystem.agents.limits import check_may_enable, check_rate
from dogansystem.engine.definition import Definition
from dogansystem.engine.errors import InputError, NotFound, Problem, WrongState
from dogansystem.health import checks, throughput
from dogansystem.health.metrics import metrics
from dogansystem.health.status import system_status
from dogansystem.people.front import Decisions
from dogansystem.protocol import Database, Settings, Site
from dogansystem.scaling.front import Scaling
from dogansystem.store import agents, children, reads, runs, signals, versions
from dogansystem.store import parameters as kept
from dogansystem.store.moment import Moment, moment
from dogansystem.store.run_comparison import RunsAgain
from dogansystem.store.version_history import VersionHistory
from dogansystem.triggers.batch import Batches
from dogansystem.triggers.starting import start_run

CURRENT = "current"  # the version of a workflow that is saved now


class Orchestrator(Decisions, Scaling, VersionHistory, RunsAgain):
	"""Workflows, runs and agents of one site.

	Every method works in the transaction of the calling thread. The caller commits, so that its own changes and those of
	the method are kept together or not at all. On a bench the request commits, in the sandbox
	`site.database.commit()` does.
	"""

	def __init__(self, site: Site, max_agents: int | None = None, num_workers: int | None = None):
		"""`max_agents` and `num_workers` overrule Dogan Settings for this object."""
		self.site = site
		self._max_agents = max_agents
		self._num_workers = num_workers

	# Workflows

	def check(self, source: str | Mapping[str, Any]) -> Definition:
		"""The definition in YAML, JSON or plain data. Raises DefinitionError with every problem found."""
		return checking.check(self.site, source)

	def what_is_missing(self, definition: Definition) -> list[Problem]:
		"""What the site lacks for a checked workflow: apps, settings, credentials. Each says what to do."""
		return checking.missing(self.site, definition)

	def import_workflow(
		self,
		source: str | Mapping[str, Any],
		enabled: bool | None = True,
		parameters: Mapping[str, Any] | None = None,
	) -> str:
		"""Check a definition and save it. Gives the workflow's name. `enabled=None` leaves that setting as it is.

		`parameters` are set with it, as `set_parameters` does. Raises DefinitionError, or InputError for values that do not fit
		or, if the workflow is enabled, are missing.
		"""
		definition = self.check(source)
		self.save_workflow(definition, enabled, parameters)
		return definition.name

	def save_workflow(
		self,
		definition: Definition,
		enabled: bool | None = True,
		parameters: Mapping[str, Any] | None = None,
	) -> None:
		"""Save a definition that was checked; otherwise as `import_workflow`."""
		kept.save(self.site, definition, enabled, parameters or {})

	def export_workflow(self, workflow: str) -> dict[str, Any]:
		"""The current definition of a workflow as plain data. Raises NotFound."""
		return dict(self._definition_now(workflow).source)

	def set_workflow_enabled(self, workflow: str, enabled: bool) -> None:
		"""Let a workflow's triggers start runs, or not. Runs that have started go on.

		Raises NotFound, or InputError if a parameter has no value, or one that does not fit.
		"""
		if enabled:
			kept.check_enabled(self.site, self._definition_now(workflow))
		self.site.catalog.set_enabled(workflow, enabled)

	def set_parameters(self, workflow: str, values: Mapping[str, Any]) -> dict[str, Any]:
		"""Set some of a workflow's parameters; None takes a value away, so that the default counts again.

		There is no new version by it, and runs that have started keep the values they have. Gives the values that a run
		started now has. Raises NotFound, or InputError, which names each parameter that is wrong.
		"""
		return kept.change(self.site, self._definition_now(workflow), values)

	def get_parameters(self, workflow: str) -> list[dict[str, Any]]:
		"""A workflow's parameters: `name`, `title`, `schema`, `value` (None if there is none), `is_set` (or it is the default), and
		the `problem` that keeps the workflow from being enabled. Raises NotFound."""
		return kept.described(self.site, self._definition_now(workflow))

	# Runs

	def start_run(
		self,
		workflow: str,
		input: Any = None,
		*,
		idempotency_key: str | None = None,
		document: Mapping[str, Any] | None = None,
		user: str | None = None,
		cause: str = "api",
		trigger: Mapping[str, Any] | None = None,
		even_disabled: bool = False,
		again_of: str | None = None,
	) -> str:
		"""Start a run. Gives its name, or the name of the run that the same `idempotency_key` started before.

		`even_disabled`: also of a workflow that is disabled, to try it by hand before its triggers may start runs. `again_of`: the
		run that is run again by it.

		Raises NotFound, WrongState, InputError, LimitReached or NotAllowed. Nothing is written then.
		"""
		run = start_run(
			self.site,
			self.site.database,
			workflow,
			moment(self.site),
			cause=cause,
			started_by=user or self.site.user,
			input=input,
			trigger=trigger,
			document=document,
			idempotency_key=idempotency_key,
			even_disabled=even_disabled,
			again_of=again_of,
		)
		self.site.after_commit(self.site.doorbell.ring)
		return run

	def get_run(self, run: str) -> dict[str, Any]:
		"""A run with its steps, times, outputs and errors, what its steps wait for, and the runs that they have started.

		Raises NotFound.
		"""
		return children.with_family(self.site, run)

	def list_runs(
		self,
		workflow: str | None = None,
		status: str | None = None,
		reference: tuple[str, str] | None = None,
		limit: int = 20,
	) -> list[dict[str, Any]]:
		"""The newest runs, of a workflow, in a state, or about a document `(doctype, name)`."""
		return reads.list_runs(
			self.site.database, workflow=workflow, status=status, reference=reference, limit=limit
		)

	def pause_run(self, run: str) -> None:
		"""Start no further step of a run, nor of those that it waits for. Steps that are running finish. Raises NotFound or
		WrongState."""
		self._ask(runs.pause, run)

	def resume_run(self, run: str) -> None:
		"""Let a paused run go on, and those that it waits for. Raises NotFound or WrongState."""
		self._ask(runs.resume, run)

	def cancel_run(self, run: str, compensate: bool = False) -> None:
		"""Start no further step, and end the run as Cancelled once running steps have finished, and those it waits for.

		`compensate`: undo before what its steps have done, those that say how.
		Raises NotFound or WrongState.
		"""
		self._ask(partial(runs.cancel, compensate=compensate), run)

	def _ask(self, ask: Callable[[Database, str, Definition, Moment], None], run: str) -> None:
		"""Ask something of a run, and before of the runs that its steps wait for: in the order in which their ends lock rows."""
		for child in children.under_way(self.site.database, run):
			with suppress(WrongState):
				self._ask(ask, child)
		ask(self.site.database, run, self._definition_of(run), moment(self.site))
		self._changed(run)

	def retry_run(self, run: str, step: str | None = None, version: str | None = None) -> list[str]:
		"""Run a finished run again from `step`, or from where it failed. Gives the ids of the steps that run again.

		The outputs of the steps before are kept. `version="current"`: go on with the version saved now instead of the one
		the run started with; the steps that are kept must be the same there. Raises NotFound, WrongState or InputError.
		"""
		definition = self._definition_of(run)
		current = self._current(definition, version)
		again = runs.retry(self.site.database, run, definition, moment(self.site), step, current)
		self._changed(run)
		return sorted(again)

	@property
	def batches(self) -> Batches:
		"""Runs for many documents at once."""
		return Batches(self.site)

	# Signals

	def signal(
		self, name: str, key: Any = None, data: Any = None, *, idempotency_key: str | None = None
	) -> int:
		"""Send a signal: steps that wait for this name and key go on with `data`, and it starts the workflows that want it.

		Gives its number, or that of the signal which the same `idempotency_key` sent before. Raises InputError.
		"""
		site = self.site
		sent = signals.send(site.database, name, key, data, site.user, moment(site), idempotency_key)
		site.after_commit(site.doorbell.ring)
		return sent

	# Agents

	def register_agent(
		self,
		name: str,
		user: str,
		capabilities: Iterable[str] = (),
		capacity: int = 1,
		enabled: bool = True,
		rate: str = "",
	) -> None:
		"""Add an agent or change it. `rate`, such as 10/m: how often it begins a step at most. Raises LimitReached, InputError."""
		check_rate(rate)
		if enabled:
			check_may_enable(self.site, name, self._max_agents)
		self.site.catalog.save_agent(name, user, list(capabilities), capacity, enabled, rate)

	def enable_agent(self, name: str) -> None:
		"""Let an agent take steps. Raises NotFound or LimitReached."""
		self._known_agent(name)
		check_may_enable(self.site, name, self._max_agents)
		self.site.catalog.set_agent_enabled(name, True)
		self.site.after_commit(self.site.doorbell.ring)

	def disable_agent(self, name: str) -> None:
		"""Give an agent no further steps. It finishes the steps that it has. Raises NotFound."""
		self._known_agent(name)
		self.site.catalog.set_agent_enabled(name, False)

	def list_agents(self) -> list[dict[str, Any]]:
		"""Every agent: name, user, capabilities, capacity, rate, busy, enabled."""
		return agents.every(self.site.database)

	# The system

	def get_system_status(self) -> dict[str, Any]:
		"""The numbers of this moment: agents, workflows, runs, steps, queue, workers, nodes, throughput."""
		return system_status(self.site, self._settings())

	def get_problems(self) -> list[dict[str, str]]:
		"""What is wrong with the site's machinery, such as a scheduler that is off: a `code`, `sentence` and `remedy` each."""
		return [asdict(each) for each in checks.problems(self.site)]

	def get_obstacles(self) -> list[dict[str, str]]:
		"""Those of the problems that may keep runs from going on."""
		return [asdict(each) for each in checks.obstacles(self.site)]

	def get_metrics(self) -> str:
		"""The metrics in Prometheus' text format. The cost does not grow with the history."""
		return metrics(self.site, self._settings())

	def get_history(self, kind: str = "site", name: str = "", hours: int = 24) -> list[dict[str, Any]]:
		"""What was measured of the site, or of a `node`, `priority`, `workflow` or `agent` of that name. By minute up to a day,
		otherwise by hour. Raises InputError."""
		return throughput.history(self.site, kind, name, hours)

	def _settings(self) -> Settings:
		settings = self.site.settings()
		if self._max_agents is not None:
			settings = replace(settings, max_agents=self._max_agents)
		if self._num_workers is not None:
			settings = replace(settings, num_workers=self._num_workers)
		return settings

	def _definition_now(self, workflow: str) -> Definition:
		found = reads.enabled_workflow(self.site.database, workflow)
		if found is None or not found[0]:
			raise NotFound(f"There is no workflow named {workflow!r}.")
		return versions.load(self.site, found[0])

	def _definition_of(self, run: str) -> Definition:
		return versions.load(self.site, reads.version_of_run(self.site.database, run))

	def _current(self, definition: Definition, version: str | None) -> tuple[Definition, str] | None:
		"""The version saved now if `version` asks for it."""
		if version is None:
			return None
		if version != CURRENT:
			raise InputError(f"version: {version!r} is not known; it may be {CURRENT!r}, or left out.")
		found = reads.enabled_workflow(self.site.database, definition.name)
		if found is None or not found[0]:
			raise NotFound(f"There is no workflow named {definition.name!r} any more.")
		return versions.load(self.site, found[0]), found[0]

	def _known_agent(self, name: str) -> None:
		if agents.user_of(self.site.database, name) is None:
			raise NotFound(f"There is no agent named {name!r}.")

	def _changed(self, run: str) -> None:
		self.site.after_commit(self.site.doorbell.ring)
		self.site.runs_changed([run])
