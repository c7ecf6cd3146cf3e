"""Steps in hand: what a process holds until it has finished them, given them back, or lost them.

The row in `dogan_lease` is the fence: whoever writes a step's result removes it, or turns it into that of the step behind,
in the same transaction. A process that finds it gone has lost the step and changes nothing.
"""

from dataclasses import dataclass

from dogansystem.store import names


@dataclass(slots=True)
class Lease:
	"""One step in hand. `process` and `seq` together are the fencing token of every write of its result."""

	process: int
	seq: int
	lane: int
	step_run: str
	run: str
	attempt: int
	agent: str | None
	ready_at: float

	def is_of(self, run: str, step: str) -> bool:
		"""Whether this is the lease of an item of this step."""
		return self.step_run.startswith(names.step_run(run, step) + ".")
