"""How things look in a terminal: progress while a run goes on, a run at its end."""

import json
import sys
import threading
from collections.abc import Callable, Mapping
from typing import Any

from dogansystem.engine.states import STEP_FINISHED
from dogansystem.homes.sandbox import Sandbox
from dogansystem.orchestrator import Orchestrator
from dogansystem.terminal.shell import shown

SIGNS = {"Succeeded": "✓", "Failed": "✗", "Skipped": "–", "Cancelled": "–", "Waiting": "…", "Running": "▸"}
SHOWN_PARAMS = 300  # characters


class Progress:
	"""Prints each step of some runs as it finishes or begins to wait; with `names` also whose step it is."""

	def __init__(self, site: Sandbox, say: Callable[[str], None], *, names: bool = False):
		self._site = site
		self._names = names
		self._say = say
		self._seen: dict[tuple[str, str, int | None], str] = {}
		self._lock = threading.Lock()

	def __call__(self, runs: list[str]) -> None:
		"""Called by the worker that changed these runs."""
		with self._lock:
			for run in runs:
				found = Orchestrator(self._site).get_run(run)
				for step in found["steps"]:
					self._show(found, step)

	def _show(self, run: Mapping[str, Any], step: Mapping[str, Any]) -> None:
		key = (run["run"], step["id"], step["index"])
		state = step["status"]
		sleeps = state == "Waiting" and step["attempts"] > 0  # and not only for an agent to become free
		if (state in STEP_FINISHED or sleeps) and self._seen.get(key) != state:
			self._seen[key] = state
			document = run["document"]["name"] if run["document"] else ""
			whose = f"{run['workflow']:<22} {document:<14}" if self._names else ""
			self._say(whose + step_line(step))


def step_line(step: Mapping[str, Any]) -> str:
	"""A step in one line: sign, name, state, agent, what went wrong."""
	name = step["id"] if step["index"] is None else f"{step['id']}[{step['index']}]"
	parts = [f"  {SIGNS.get(step['status'], ' ')} {name:<24} {step['status']:<10}"]
	if step["attempts"] > 1:
		parts.append(f"attempt {step['attempts']}")
	if step["agent"]:
		parts.append(f"by {step['agent']}")
	if step["error"]:
		parts.append(str(step["error"]))
	return " ".join(parts).rstrip()


def run_lines(run: Mapping[str, Any]) -> list[str]:
	"""A run at its end: how it ended, what it gave, what it wrote and sent."""
	lines = [
		f"Run {run['run']} of {run['workflow']}, version {run['version']}: {run['status']}{errors_of(run)}"
	]
	if run["error"]:
		lines.append(f"  {run['error']}")
	if run["output"] is not None:
		lines.append(f"  output: {run['output']}")
	lines += [
		params_line(each) for each in run.get("steps") or [] if each["status"] == "Failed" and each["params"]
	]
	lines += [
		line
		for step in run.get("steps") or []
		for ask in step.get("asks") or []
		for line in ask_lines(step, ask)
	]
	documents = run.get("documents") or {}
	for what, found in documents.items():
		lines += [f"  {what}: {each['doctype']} {each['name']}" for each in found]
	lines += [f"  waits: {wait_line(each)}" for each in run.get("waits") or []]
	for message in run.get("outbox") or []:
		lines.append(f"  {message['kind']} to {', '.join(message['to'])}: {message['subject']}")
	for each in run.get("refused_answers") or []:
		lines.append(f"  refused: the answer to step {each['step']}: {each['reason']}")
	for call in run.get("not_sent") or []:
		lines.append(f"  not sent: {call['action']} of step {call['step']}")
	return lines


def ask_lines(step: Mapping[str, Any], ask: Mapping[str, Any]) -> list[str]:
	"""What a step has asked an agent: a line for each turn, and one for each call."""
	name = step["id"] if step["index"] is None else f"{step['id']}[{step['index']}]"
	lines = [
		f"  {name} asked {ask['agent']}: {ask['state']}, {ask['tokens']:,} tokens, cost {ask['cost']:.6g}"
	]
	for turn in ask["turns"]:
		said = turn["text"] or ("" if turn["calls"] or turn["state"] == "Asking" else "nothing")
		lines.append(
			f"    turn {turn['number']} of {turn['model']}{_took(turn)}: {_short(said)}".rstrip(": ")
		)
		lines += [f"      {call_line(each)}" for each in turn["calls"]]
		if turn["problem"]:
			lines.append(f"      given back: {_short(turn['problem'])}")
	return lines


def call_line(call: Mapping[str, Any]) -> str:
	"""A call of a tool, in one line."""
	line = f"{SIGNS.get(call['state'], ' ')} {call['tool']}{_took(call)} {_short(call['params'])}"
	if call["state"] == "Waiting":
		return f"{line}: waits for {', '.join(call['asked']) + ' to decide' if call.get('asked') else 'run ' + str(call['run'])}"
	by = f", approved by {call['approved_by']}" if call["approved_by"] else ""
	if "error" in call:
		return f"{line}: {call['error']}{by}"
	return f"{line} → {_short(call.get('output'))}{by}"


def _took(found: Mapping[str, Any]) -> str:
	return f" in {found['seconds']:.2g} s" if found["seconds"] is not None else ""


def _short(value: Any) -> str:
	text = " ".join((value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)).split())
	return text if len(text) <= SHOWN_PARAMS else text[:SHOWN_PARAMS] + "…"


def errors_of(run: Mapping[str, Any]) -> str:
	"""What is said behind the state of a run that went on although something had failed."""
	number = run.get("failures") or 0
	return f" with errors: {number} failed" if number else ""


def params_line(step: Mapping[str, Any]) -> str:
	"""What a step has run with, in one line; all of it is in `--json`."""
	name = step["id"] if step["index"] is None else f"{step['id']}[{step['index']}]"
	text = json.dumps(step["params"], ensure_ascii=False)
	return f"  {name} ran with: {text if len(text) <= SHOWN_PARAMS else text[:SHOWN_PARAMS] + '…'}"


def wait_line(wait: Mapping[str, Any]) -> str:
	"""What a step waits for, in one line."""
	name = wait["step"] if wait["index"] is None else f"{wait['step']}[{wait['index']}]"
	until = f" until {wait['until'][:19]}" if wait["until"] else ""
	if wait["kind"] == "signal":
		key = "" if wait["key"] is None else f" with the key {wait['key']}"
		return f"step {name} for the signal {wait['signal']}{key}{until}"
	if wait["kind"] == "decision":
		return f"step {name} for a decision of {', '.join(wait.get('asked', []))}: {wait.get('subject', '')}{until}"
	if wait["kind"] == "child":
		return f"step {name} for the run {wait['run']}"
	return f"step {name}{until}"


def to_stderr(text: str) -> None:
	"""Tell something on the way; results go to standard output."""
	print(shown(text), file=sys.stderr, flush=True)
