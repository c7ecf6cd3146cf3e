"""The tick: once a minute, whatever the number of schedulers, it does what nobody else may have noticed.

Drainers do the same chores while they live. The tick is for the time when none does: it fires what is due, takes over
from the dead, completes what a crash left between two transactions, and rings while work waits. That is why Redis may
lose everything at any moment. Each part is on its own: one that fails is told of and stops none of the others.
"""

from dogansystem.protocol import Site
from dogansystem.store import queue, repair, state
from dogansystem.worker import chores, retention, sampling
from dogansystem.worker.alone import alone
from dogansystem.worker.control import Control

TURN = 20.0  # seconds: a tick that comes sooner after another one leaves the work to it
MAX_ROUNDS = 100  # of timers in one tick


def tick(site: Site) -> bool:
	"""Do what is due. False when another tick has just done it."""
	control = Control(site)
	try:
		if not control.run(lambda db: state.take_turn(db, "tick", site.now(), TURN)):
			return False
		for _ in range(MAX_ROUNDS):
			if not chores.do(site, control):
				break
		alone(site, "items", lambda: _complete_items(site, control), None)
		alone(site, "ring", lambda: _ring_for_work(site, control), None)
		alone(site, "sample", lambda: sampling.sample(site, control), None)
		alone(site, "retention", lambda: retention.look_after(site, control), None)
		return True
	finally:
		control.close()


def _complete_items(site: Site, control: Control) -> None:
	"""Complete `for_each` steps whose last item's process died before it could look."""
	for run, step in control.run(repair.open_for_each_steps):
		chores.close_items(site, control, run, step)


def _ring_for_work(site: Site, control: Control) -> None:
	if not control.run(queue.is_empty):
		site.doorbell.ring()
