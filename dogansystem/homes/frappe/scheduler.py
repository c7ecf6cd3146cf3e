"""Frappe's scheduler as far as the tick goes: whether it is on for this site, and whether its own rows let the tick come."""

from datetime import timedelta

import frappe
from frappe.utils import get_datetime, now_datetime, scheduler

from dogansystem.engine.sentence import Sentence, _
from dogansystem.protocol import Scheduler

TICK = "dogansystem.jobs.tick"
JOB_TYPE = "Scheduled Job Type"
AHEAD = timedelta(minutes=2)  # what clocks of several machines may differ by, and a cron's own minute
REMEDY = Sentence(
	_("See that `bench schedule` runs, and that a worker serves the queue `default`: `bench doctor`.")
)


def state() -> Scheduler:
	"""Whether the tick comes, and why not."""
	problem, remedy = _problem()
	return Scheduler(expected=True, problem=problem, remedy=remedy)


def set_back() -> None:
	"""Let jobs go on whose last execution lies in the future, and commit: `bench --site SITE execute
	dogansystem.homes.frappe.scheduler.set_back`."""
	now = now_datetime()
	late = frappe.get_all(JOB_TYPE, filters={"last_execution": (">", now + AHEAD)}, pluck="name")
	for name in late:
		frappe.db.set_value(JOB_TYPE, name, "last_execution", now, update_modified=False)
	frappe.db.commit()


def _problem() -> tuple[str, str]:
	"""What keeps the tick from coming, or an empty text, and the remedy."""
	bench, conf = f"bench --site {frappe.local.site}", frappe.conf
	if conf.maintenance_mode:
		return Sentence(_("The site is in maintenance mode.")), f"`{bench} set-maintenance-mode off`."
	if conf.pause_scheduler:
		return Sentence(_("The scheduler is paused.")), f"`{bench} scheduler resume`."
	if conf.disable_scheduler:
		problem = _("The scheduler is disabled by `disable_scheduler` in the site's configuration.")
		return Sentence(problem), f"`{bench} set-config disable_scheduler 0`."
	if scheduler.is_scheduler_disabled(verbose=False):
		return Sentence(_("The scheduler of the site is off.")), f"`{bench} enable-scheduler`."
	if not scheduler.schedule_jobs_based_on_activity():
		problem = _("The scheduler takes the site for dormant: nobody has logged in for days.")
		return Sentence(problem), Sentence(_("Log in, or raise Dormant Days in System Settings."))
	fields = ["stopped", "last_execution", "creation"]
	row = frappe.db.get_value(JOB_TYPE, {"method": TICK}, fields, as_dict=True)
	if row is None:
		return Sentence(_("The scheduler has no job {0}."), TICK), f"`{bench} migrate`."
	if row.stopped:
		remedy = Sentence(_("Untick Stopped in the Scheduled Job Type {0}."), TICK)
		return Sentence(_("The scheduled job {0} is stopped."), TICK), remedy
	ahead = get_datetime(row.last_execution or row.creation) - now_datetime()
	if ahead > AHEAD:
		problem = _(
			"The scheduler's own rows lie {0} hours ahead, as after a change of the site's timezone: no tick comes until then."
		)
		return Sentence(
			problem, f"{ahead.total_seconds() / 3600:.1f}"
		), f"`{bench} execute dogansystem.homes.frappe.scheduler.set_back`."
	return "", REMEDY
