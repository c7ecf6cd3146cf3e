"""Running an attack in a process of its own, with an end to its time and memory, so that one which succeeds is caught
and takes nothing with it."""

import json
import selectors
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

SECONDS = 10  # of processor time; most take a few hundredths, the worst less than two
STUCK = 300  # seconds by the clock, whatever else the machine is doing
MEMORY = 512  # megabytes, of which the interpreter and its libraries take about 100

_RENDER = """
import json, resource, signal, sys
from datetime import date, datetime
from dogansystem.engine.errors import TemplateError
from dogansystem.engine.templates.render import render

resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[1]) << 20,) * 2)
context = {
	"doc": {"name": "Q-1", "items": [{"qty": 1}], "text": "x" * 1000},
	"large": {str(number): number for number in range(100_000)},
	"steps": {"a": {"output": list(range(100)), "status": "Succeeded", "error": None}},
	"today": date(2025, 3, 1),
	"now": datetime(2025, 3, 1, 9),
	"user": "sales@example.com",
}
before = repr(context)
for line in sys.stdin:
	text = json.loads(line)
	signal.setitimer(signal.ITIMER_PROF, float(sys.argv[2]))  # ends the process
	try:
		told = ["gave", render({"x": text}, context, "params")["x"]]
	except TemplateError as error:
		told = ["TemplateError", str(error)]
	except BaseException as error:
		told = [type(error).__name__, str(error)]
	if repr(context) != before:
		told = ["changed its context", ""]
	print(json.dumps(told, default=repr), flush=True)
"""


@dataclass(frozen=True, slots=True)
class Told:
	"""How an attack ended: the kind of the error or `gave`, and its text or value."""

	kind: str
	value: Any


class Renderer:
	"""A process with bounded memory that renders templates; another one takes over when it is lost."""

	def __init__(self) -> None:
		self._process: subprocess.Popen[str] | None = None

	def __call__(self, template: str) -> Told:
		"""What a template comes to. Raises AssertionError when it takes too long, or ends the process."""
		process = self._running()
		assert process.stdin and process.stdout
		process.stdin.write(json.dumps(template) + "\n")
		process.stdin.flush()
		with selectors.DefaultSelector() as selector:
			selector.register(process.stdout, selectors.EVENT_READ)
			answered = selector.select(STUCK)
		line = process.stdout.readline() if answered else ""
		if not line:
			self.close()
			raise AssertionError(
				f"the process ended, or took {SECONDS} seconds of processor time"
				if answered
				else f"it takes longer than {STUCK} seconds"
			)
		return Told(*json.loads(line))

	def _running(self) -> "subprocess.Popen[str]":
		if self._process is None:
			self._process = subprocess.Popen(
				[sys.executable, "-c", _RENDER, str(MEMORY), str(SECONDS)],
				stdin=subprocess.PIPE,
				stdout=subprocess.PIPE,
				text=True,
			)
		return self._process

	def close(self) -> None:
		"""End the process."""
		if self._process:
			self._process.kill()
			self._process.communicate()
			self._process = None
