"""Runs on a site, for `upgrade.py`: makes runs in every state with an older version, or lets them go on with today's.

`make FILE`, `drain` (a step kills this process) with the older version's code, `finish FILE` with today's.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import frappe

sys.path.insert(0, str(Path(__file__).parents[1] / "integration" / "upgrade"))
import states

try:
	from dogansystem.homes.frappe.site import current_site
except ImportError:  # before the rooms were moved
	from dogansystem.sites.frappe_site import current_site

PERSON = "dogan-person@example.com"
BEFORE = {name: before for name, (_, before, _) in states.RUNS.items()}
AFTER = {name: after for name, (_, _, after) in states.RUNS.items()}
AFTER |= {"upgrade-document": "Succeeded", "upgrade-schedule": "Succeeded"}


@contextmanager
def connected(methods: dict[str, Any]) -> Iterator[Any]:
	"""The site, with these server methods."""
	frappe.init(site=os.environ["DOGAN_BENCH_SITE"])
	frappe.connect()
	site = current_site()
	type(site).call_method = lambda self, method, args: methods[method](**args)
	try:
		yield site
	finally:
		frappe.destroy()


def make(path: Path) -> None:
	"""Leave runs in every state; writes what they are called."""
	with connected(states.BEFORE) as site:
		values = {"doctype": "User", "email": PERSON, "first_name": "Upgrade", "send_welcome_email": 0}
		frappe.get_doc(values).insert().add_roles("System Manager")
		frappe.db.commit()
		runs = states.Maker(site, die, PERSON).make()
		compare("made", BEFORE, states.statuses(site, runs))
		path.write_text(json.dumps(runs))


def die() -> bool:
	"""Drain in a process that a step kills."""
	return subprocess.run([sys.executable, __file__, "drain"], check=False).returncode == -9


def drain() -> None:
	"""Work as a drainer does."""
	with connected(states.BEFORE) as site:
		states.Drainer(site, until=lambda: True).run()


def finish(path: Path) -> None:
	"""Let all go on to their end."""
	runs = json.loads(path.read_text())
	with connected(states.AFTER) as site:
		compare("after migrating", BEFORE, states.statuses(site, runs))
		ahead, now = [0.0], site.now
		site.now = lambda: now() + ahead[0]
		with site.acting_as(PERSON):
			site.documents.create(states.DOCTYPE, {"title": "Upgrade"})
		frappe.db.commit()
		states.finish(site, runs, lambda seconds: ahead.__setitem__(0, ahead[0] + seconds))
		statuses = states.statuses(site, runs)
		for workflow in ("upgrade-document", "upgrade-schedule"):
			found = states.Orchestrator(site).list_runs(workflow)
			statuses[workflow] = found[-1]["status"] if found else "never started"
		compare("at the end", AFTER, statuses)


def compare(when: str, expected: dict[str, str], found: dict[str, str]) -> None:
	"""Exit with 1 where they differ."""
	wrong = [
		f"{name}: {found.get(name)}, not {status}"
		for name, status in expected.items()
		if found.get(name) != status
	]
	if wrong:
		sys.exit("\n  ".join([f"{when}:", *wrong]))


if __name__ == "__main__":
	if sys.argv[1] == "drain":
		drain()
	else:
		{"make": make, "finish": finish}[sys.argv[1]](Path(sys.argv[2]))
