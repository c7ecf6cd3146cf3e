"""Settings, and what the status says."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from dogansystem import Orchestrator, Sandbox
from dogansystem.engine.states import RUN_STATES, STEP_STATES
from dogansystem.store.schema import DOCTYPE_FOLDER
from generator.doctypes import described
from generator.markdown import code, plain, table

# What each number of the status means. `<state>` stands for every state of a run or a step.
STATUS: Mapping[str, str] = {
	"site": "The site.",
	"version": "The app's version.",
	"time": "When the numbers were read, in the site's timezone.",
	"agents.total": "All agents.",
	"agents.enabled": "Agents that are enabled.",
	"agents.busy": "Agents that have a step in hand.",
	"agents.limit": "`max_agents`: how many may be enabled.",
	"workflows.total": "All workflows.",
	"workflows.enabled": "Workflows that are enabled.",
	"runs.total": "All runs.",
	"runs.<state>": "Runs in each state.",
	"steps.total": "All step runs. Each item of a `for_each` is one.",
	"steps.<state>": "Step runs in each state.",
	"queue.ready": "Steps that any worker may start.",
	"queue.in_hand": "Steps that a worker has claimed.",
	"queue.waiting_for_a_slot": "Runs that wait for their workflow's limit, and steps that wait for an agent.",
	"queue.timers": "Waits, retries, schedules and timeouts to come.",
	"queue.timers_overdue": "Those of them whose time has passed.",
	"queue.oldest_overdue_seconds": "How long the oldest of them is overdue; `null`: none is.",
	"queue.oldest_ready_seconds": "How long the oldest ready step has been waiting; `null`: none is ready.",
	"tick.last": "When the tick last acted, in the site's timezone; `null`: never.",
	"tick.last_seconds": "How many seconds ago that was.",
	"problems": "What is wrong with the site's machinery, each with `code` (`node_too_old`, `scheduler`, `tick_late`, `timers_overdue`, "
	"`no_worker`, `commits_at_risk`, `replica_not_waited_for`, `second_writer`), `sentence`, and what to do about it (`remedy`). Empty: all is well.",
	"workers.wanted": "`num_workers`.",
	"workers.alive": "Workers with a heartbeat within the lease.",
	"workers.busy": "Workers that have a step in hand.",
	"workers.listening": "RQ workers that would start a drainer if the doorbell rang: on a bench, drainers leave while there "
	"is nothing to do. 0 in the sandbox.",
	"workers.nodes": "For each node: `alive`, `busy`, and `steps` done by the workers that are alive.",
	"nodes": "For each node with a heartbeat within a day: `state` (`up`: its workers have heartbeats; `idle`: they left, "
	"because there was nothing to do; `lost`: they stopped without leaving; `cordoned`: it takes no further work; "
	"`drained`: and its workers have left), `alive`, `busy`, `steps_last_minute`, `steps_last_hour`, `last_beat`, `last_beat_seconds`; `machine`, "
	"as of the last minute: `cores`, `memory_total` and `memory_available` (bytes), `load`, `cpu_busy` (0 to 1).",
	"caches.<cache>.asked": "Lookups. `definitions`: workflows in the form in which they are executed; `triggers`: which "
	"workflows want which documents. Of all processes since Redis was emptied; in a sandbox of this process.",
	"caches.<cache>.process": "Found in the memory of the process.",
	"caches.<cache>.shared": "Found in Redis.",
	"caches.<cache>.built": "Not found, and so computed.",
	"caches.<cache>.hit_rate": "The share of lookups that were found; `null`: there were none.",
	"throughput.<span>.steps": "Attempts that ended in the last minute or hour (`last_minute`, `last_hour`), whatever "
	"their end.",
	"throughput.<span>.per_second": "The same for each second.",
	"throughput.<span>.failed": "Attempts after which the step has failed.",
	"throughput.<span>.retried": "Attempts that failed and are tried again.",
	"throughput.<span>.lost": "Attempts whose worker died.",
	"throughput.<span>.wait_seconds.p50": "Half of them were ready for at most so long before they started; `null`: there "
	"were none.",
	"throughput.<span>.wait_seconds.p95": "95 % of them were ready for at most so long.",
	"throughput.<span>.run_seconds.p50": "Half of them took at most so long, from start to commit.",
	"throughput.<span>.run_seconds.p95": "95 % of them took at most so long.",
}


def settings() -> str:
	"""The chapter about Dogan Settings, from the DocType."""
	doctype = json.loads((DOCTYPE_FOLDER / "dogan_settings" / "dogan_settings.json").read_text())
	rows = [
		(
			code(each["fieldname"]),
			each["label"],
			each.get("default", "" if each["fieldtype"] == "Password" else "0"),
			plain(each.get("description", "")),
		)
		for each in described(doctype)
	]
	return table(("field", "label", "default", "meaning"), rows)


def status() -> str:
	"""The chapter about get_system_status."""
	with Sandbox() as sandbox:
		found = dict.fromkeys(_paths(Orchestrator(sandbox).get_system_status()))
	if set(found) != set(STATUS):
		raise SystemExit(
			f"docs/generator/system.py: {set(found) ^ set(STATUS)} is not described, or does not exist"
		)
	return table(("key", "meaning"), [(code(path), STATUS[path]) for path in found])


def _paths(value: Mapping[str, Any], above: str = "") -> Iterator[str]:
	for key, inner in value.items():
		path = f"{above}{_general(key)}"
		if isinstance(inner, Mapping) and inner:
			yield from _paths(inner, f"{path}.")
		else:
			yield path


def _general(key: str) -> str:
	if key in (*RUN_STATES, *STEP_STATES):
		return "<state>"
	if key in ("definitions", "triggers"):
		return "<cache>"
	return "<span>" if key in ("last_minute", "last_hour") else key
