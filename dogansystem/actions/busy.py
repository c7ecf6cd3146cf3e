"""What `dogansystem load` makes its steps of: work of a known kind and size that changes nobody's documents."""

import time
from typing import Any

from dogansystem.actions.base import Action, StepContext
from dogansystem.actions.schema import ValidationError, parameters

WORKFLOW = "dogansystem-load"  # the only workflow whose steps may be of this kind
KINDS = ("wait", "cpu", "database")
MAX_SECONDS = 60.0
READS = 20  # of the run's own rows, for each step of the kind `database`
BYTES = 8192  # that such a step writes, as its output


class Work(Action):
	"""Keeps a worker busy."""

	name = "load.work"
	summary = "Keep a worker busy, for the command `load` only"
	parameters = parameters(
		{
			"kind": {
				"enum": list(KINDS),
				"description": "wait: for something outside, such as a server; cpu: compute; "
				f"database: {READS} reads, and {BYTES} bytes to write",
			}
		},
		{
			"seconds": {
				"type": "number",
				"minimum": 0,
				"maximum": MAX_SECONDS,
				"default": 0.1,
				"description": "How long it waits, or how much processor time it takes",
			}
		},
	)
	returns = "nothing, or the bytes that were to be written"
	offered = False

	def run(self, params: dict[str, Any], context: StepContext) -> str | None:
		"""Wait, compute, or use the database. Raises ValidationError in every workflow but the load's own."""
		if context.workflow != WORKFLOW:
			raise ValidationError(
				f"load.work keeps workers busy with nothing: it is for the workflow {WORKFLOW}, which the command"
				" `load` makes. To wait, use flow.wait, which keeps nobody busy."
			)
		if params["kind"] == "database":
			return _use_database(context)
		(time.sleep if params["kind"] == "wait" else _compute)(params.get("seconds", 0.1))
		return None


def _compute(seconds: float) -> None:
	until = time.thread_time() + seconds
	number = 1
	while time.thread_time() < until:
		number = number * 6364136223846793005 % 2**64 + 1


def _use_database(context: StepContext) -> str:
	query = "SELECT COUNT(*), MAX(finished_at) FROM `tabDogan Step Run` WHERE run = %s"
	for _ in range(READS):
		context.site.database.sql(query, (context.run,))
	return "x" * BYTES
