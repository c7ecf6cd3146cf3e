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
	"agents.total": "Agents there are.",
	"agents.enabled": "Agents that take steps.",
	"agents.busy": "Agents that have a step.",
	"agents.limit": "`max_agents`: how many may be enabled.",
	"workflows.total": "Workflows there are.",
	"workflows.enabled": "Workflows whose triggers start runs.",
	"runs.total": "Runs there are.",
	"runs.<state>": "Runs in each state.",
	"steps.total": "Step runs there are; each item of a `for_each` is one.",
	"steps.<state>": "Step runs in each state.",
	"queue.ready": "Steps that any worker may begin with.",
	"queue.in_hand": "Steps that a worker has taken.",
	"queue.waiting_for_a_slot": "Runs that wait for their workflow's limit, and steps that wait for an agent.",
	"queue.timers": "Waits, retries, schedules and timeouts to come.",
	"queue.oldest_ready_seconds": "How long the oldest ready step has been waiting; `null`: none is ready.",
	"workers.wanted": "`num_workers`.",
	"workers.alive": "Workers that were heard of within the lease.",
	"workers.busy": "Workers that have a step in hand.",
	"workers.listening": "RQ workers that would come if they were called: those of a bench leave while there is nothing to do. 0 in the sandbox.",
	"workers.nodes": "For each node: `alive`, `busy`, and `steps` done by the workers that are alive.",
	"nodes": "For each node that was heard of within a day: `state` (`up`: its workers beat; `idle`: they left, there was "
	"nothing to do; `lost`: it stopped; `draining`, `drained`: its workers were told to leave, and have), `alive`, `busy`, `steps_last_minute`, `steps_last_hour`, `last_beat`, "
	"`last_beat_seconds`; `machine`, which it says once a minute: `cores`, `memory_total` and `memory_available` (bytes), "
	"`load`, `cpu_busy` (0 to 1).",
	"caches.<cache>.asked": "How often what is kept after it was worked out was asked for. `definitions`: workflows as they "
	"are executed; `triggers`: what wants which documents. By all processes since Redis was emptied; in a sandbox by this one.",
	"caches.<cache>.process": "Answered by the process that asked.",
	"caches.<cache>.shared": "Answered by what all share in Redis.",
	"caches.<cache>.built": "Worked out.",
	"caches.<cache>.hit_rate": "The share that was not worked out; `null`: nobody has asked.",
	"throughput.<span>.steps": "Attempts that workers brought to an end in the last minute or hour (`last_minute`, "
	"`last_hour`), whatever the end.",
	"throughput.<span>.per_second": "The same by second.",
	"throughput.<span>.failed": "Attempts after which the step has failed.",
	"throughput.<span>.retried": "Attempts that failed and are tried again.",
	"throughput.<span>.lost": "Attempts whose worker died.",
	"throughput.<span>.wait_seconds.p50": "How long half of them stood ready at most before they began; `null`: there "
	"were none.",
	"throughput.<span>.wait_seconds.p95": "How long 95 % of them stood ready at most.",
	"throughput.<span>.run_seconds.p50": "How long half of them took at most, from begin to commit.",
	"throughput.<span>.run_seconds.p95": "How long 95 % of them took at most.",
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
