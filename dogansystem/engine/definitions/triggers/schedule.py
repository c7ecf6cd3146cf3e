"""`on: schedule`: the time comes."""

from collections.abc import Mapping
from typing import Any, ClassVar

from dogansystem.engine.definitions import check_values as values
from dogansystem.engine.definitions.problems import Problems, at
from dogansystem.engine.definitions.triggers.base import Key, Kind
from dogansystem.engine.definitions.triggers.checks import MISSED, SHORTEST, cron, timezone


class ScheduleKind(Kind):
	"""Times by `cron`, or every so long."""

	on = "schedule"
	about = "The time comes. Either `cron` or `every`. `trigger.due` is the time that the run is for."
	starts_as = "a schedule"
	rules: ClassVar[Mapping[str, Any]] = {"oneOf": [{"required": ["cron"]}, {"required": ["every"]}]}
	keys: ClassVar[Mapping[str, Key]] = {
		"cron": Key(cron, "Minute, hour, day, month, weekday."),
		"every": Key(
			values.duration(SHORTEST),
			"The time between two runs, counted from the moment the workflow is enabled.",
			is_duration=True,
		),
		"timezone": Key(timezone, "The timezone of `cron`. Left out: the site's."),
		"missed": Key(
			values.choice(*MISSED),
			"After downtime: `skip` starts no run for missed times, `once` starts one for all of them, `all` one for each.",
			default="once",
		),
	}

	def check(self, given: Mapping[str, Any], kept: Mapping[str, Any], path: str, problems: Problems) -> None:
		"""There is one of `cron` and `every`."""
		if "cron" in given and "every" in given:
			problems.add(at(path, "every"), "a schedule has either `cron` or `every`; leave one out")
		elif "cron" not in given and "every" not in given:
			problems.add(at(path, "cron"), "is missing; give `cron: '0 9 * * *'` or `every: 15m`")
