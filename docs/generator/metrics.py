"""The metrics, out of what a sandbox in which a step was done gives to Prometheus."""

import re
from collections.abc import Iterator

from dogansystem import Orchestrator, Sandbox
from dogansystem.worker.drainer import Drainer
from generator.markdown import code, listed, table

WORKFLOW = {"name": "example", "steps": [{"id": "only", "action": "data.set", "agent": "Example"}]}
_FAMILY = re.compile(r"^# HELP (\S+) (.*)\n# TYPE \S+ (\w+)\n((?:[^#].*\n)+)", re.MULTILINE)
_LABEL = re.compile(r'[{,](\w+)="')


def write() -> str:
	"""Every metric with its labels."""
	return table(("metric", "kind", "labels", "meaning"), _rows(_scrape()))


def _scrape() -> str:
	with Sandbox() as sandbox:
		sandbox.set_settings(linger_seconds=0)
		orchestrator = Orchestrator(sandbox)
		orchestrator.register_agent("Example", "user@example.com")
		orchestrator.import_workflow(WORKFLOW)
		orchestrator.start_run("example")
		sandbox.database.commit()
		Drainer(sandbox, until=lambda: True).run()
		return orchestrator.get_metrics()


def _rows(text: str) -> Iterator[tuple[str, str, str, str]]:
	for name, meaning, kind, samples in _FAMILY.findall(text):
		labels = dict.fromkeys(label for label in _LABEL.findall(samples) if label != "le")
		yield code(name), kind, listed(labels), meaning
