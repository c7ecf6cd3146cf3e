"""The status as a person reads it in a terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

from dogansystem.scaling.words import seconds


def lines(status: Mapping[str, Any]) -> list[str]:
	"""The status as a table."""
	agents, workflows, queue, workers = (status[part] for part in ("agents", "workflows", "queue", "workers"))
	oldest = queue["oldest_ready_seconds"]
	rows = [
		("Agents", f"{agents['total']} ({agents['enabled']} of at most {agents['limit']} enabled, {agents['busy']} busy)"),
		("Workflows", f"{workflows['total']} ({workflows['enabled']} of {workflows['total']} enabled)"),
		("Runs", _states(status["runs"])),
		("Steps", _states(status["steps"])),
		("Queue", f"{queue['ready']} ready, {queue['in_hand']} in hand, {queue['waiting_for_a_slot']} waiting for a slot"),
		("Oldest ready", "nothing waits" if oldest is None else seconds(oldest)),
		("Timers", _timers(queue)),
		("Last tick", "never" if status["tick"]["last"] is None else f"{seconds(status['tick']['last_seconds'])} ago"),
		("Workers", _workers(workers)),
		*((f"  {name}", _node(node)) for name, node in status["nodes"].items()),
		("Caches", _caches(status["caches"])),
		*((title, _throughput(status["throughput"][span])) for title, span in _SPANS),
	]  # fmt: skip
	return [*(f"{name:<14} {value}" for name, value in rows), *problem_lines(status["problems"])]


def problem_lines(problems: Sequence[Mapping[str, str]]) -> list[str]:
	"""What is wrong, each with what to do."""
	return [line for each in problems for line in (f"Problem: {each['sentence']}", f"  → {each['remedy']}")]


def _timers(queue: Mapping[str, Any]) -> str:
	if not queue["timers_overdue"]:
		return str(queue["timers"])
	overdue = f"{queue['timers_overdue']} of them overdue, the oldest for {seconds(queue['oldest_overdue_seconds'])}"
	return f"{queue['timers']}, {overdue}"


_SPANS = (("Last minute", "last_minute"), ("Last hour", "last_hour"))


def _workers(workers: Mapping[str, Any]) -> str:
	text = f"{workers['alive']} alive, {workers['busy']} busy, {workers['wanted']} wanted on each node"
	# Those of a bench are called when there is work, and leave when there is none.
	return text + (f"; {workers['listening']} RQ workers listen" if workers["listening"] else "")


def _throughput(found: Mapping[str, Any]) -> str:
	parts = [f"{found['steps']} steps, {found['per_second']:g}/s"]
	parts += [f"{found[end]} {end}" for end in ("failed", "retried", "lost") if found[end]]
	for name, what in (("wait_seconds", "waited"), ("run_seconds", "took")):
		times = found[name]
		if times["p50"] is not None:
			parts.append(f"{what} p50 {seconds(times['p50'])} p95 {seconds(times['p95'])}")
	return ", ".join(parts)


def _caches(found: Mapping[str, Any]) -> str:
	parts = [
		f"{name} {each['hit_rate'] * 100:.3g} % of {each['asked']} found"
		for name, each in found.items()
		if each["asked"]
	]
	return ", ".join(parts) or "not asked yet"


def _node(node: Mapping[str, Any]) -> str:
	beat = node["last_beat_seconds"]
	heard = "" if beat is None else f", heard of {seconds(beat)} ago"
	return (
		f"{node['state']}, {node['alive']} alive, {node['busy']} busy, {node['steps_last_minute']} steps in the last minute"
		+ heard
		+ _machine(node["machine"])
	)


def _machine(machine: Mapping[str, float]) -> str:
	if "cpu_busy" not in machine:
		return ""
	return f", {machine['cores']:g} cores {machine['cpu_busy'] * 100:.0f} % busy"


def _states(counts: Mapping[str, int]) -> str:
	found = ", ".join(f"{number} {state}" for state, number in counts.items() if state != "total" and number)
	return f"{counts['total']}" + (f" ({found})" if found else "")
