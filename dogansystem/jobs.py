"""The background jobs that bring workflows on a bench to life: RQ's workers execute them, in a process each."""

import frappe

from dogansystem.homes.frappe import rehearsals
from dogansystem.homes.frappe.site import IDLE_USER, FrappeSite, current_site
from dogansystem.store import kept, processes
from dogansystem.worker import fitness, identity
from dogansystem.worker import tick as ticking
from dogansystem.worker.drainer import Drainer


def drain() -> None:
	"""The job that a ring enqueues: work until nothing is ready any more, or the time budget is used up."""
	site = _site_of_job()
	if site:
		site.doorbell.answered()
		drainer = Drainer(site, replaceable=True)
		with site.listening_for_stop(drainer.progress.stopping):
			if fitness.may_work(site) and not _has_enough_workers(site):
				drainer.run()
				if fitness.must_stay_away(site):
					site.doorbell.ring()  # the job that this drainer consumed must reach another one
		site.tell_changes()
		kept.flush(site)


def tick() -> None:
	"""The scheduler's job, every minute: what is due, what was lost, and a ring if work waits."""
	site = _site_of_job()
	if site:
		ticking.tick(site)


def rehearse(rehearsal: str) -> None:
	"""Try a definition with documents that exist; see `homes.frappe.rehearsals`."""
	site = _site_of_job()
	if site:
		rehearsals.do(site, rehearsal)


def _has_enough_workers(site: FrappeSite) -> bool:
	"""Whether `num_workers` drainers work on this node: on the `long` queue other jobs need workers too."""
	alive = processes.count_on(site.database, identity.node())
	site.database.rollback()
	return alive >= site.settings().num_workers


def _site_of_job() -> FrappeSite | None:
	"""The site of a background job, with nobody acting; None if the app was uninstalled since the job was made.

	RQ runs a job as the person who happened to ring. Whoever that was must not act here, and after a deadlock Frappe
	would forget them and go on as Administrator.
	"""
	if "dogansystem" not in frappe.get_installed_apps():
		return None
	frappe.set_user(IDLE_USER)
	return current_site()
