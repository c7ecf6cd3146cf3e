"""How many workers this node has, and how many agents the site may have."""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import frappe
from frappe.commands import pass_context

from dogansystem.commands.site import NOT_DONE, json_option, orchestrator_of, print_json
from dogansystem.engine.errors import InputError
from dogansystem.homes.bench import scale as scaling
from dogansystem.scaling import sizing

SETTINGS = "Dogan Settings"
WAIT = 60.0  # seconds for new workers to be there: each starts Frappe, one after another on a small machine
LOOK_INTERVAL = 0.5  # seconds between two looks whether they are
NUMBER = click.IntRange(1, sizing.MAX_WORKERS)


class DoganSettings:
	"""The settings of the site that is connected."""

	def read(self) -> dict[str, int]:
		doc = frappe.get_doc(SETTINGS)
		return {"num_workers": doc.num_workers, "max_agents": doc.max_agents}

	def write(self, values: scaling.Values) -> None:
		"""Write and commit. Raises ValidationError."""
		doc = frappe.get_doc(SETTINGS)
		doc.update(values)
		doc.save()
		frappe.db.commit()


@click.command("scale")
@click.option("--workers", type=NUMBER, help="Workers of this node on the queue, and Workers per Node.")
@click.option("--agents", type=click.IntRange(min=1), help="Max Agents. Takes effect without a restart.")
@click.option("--undo", is_flag=True, help="Take the last change back.")
@click.option(
	"--room", type=NUMBER, help="Have supervisor know so many, to start the rest later without a restart."
)
@click.option(
	"--under",
	type=click.Choice(sorted(scaling.MANAGERS)),
	help="What the bench runs under, if it is not found.",
)
@click.option("--no-restart", is_flag=True, help="Write the files and settings only, and print what to run.")
@click.option("--force", is_flag=True, help="Even if memory or database connections seem not to be enough.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and change nothing.")
@json_option
@pass_context
def scale(context: Any, as_json: bool, dry_run: bool, **given: Any) -> None:
	"""Change how many workers this node has, and how many agents may be enabled; or take that back."""
	steps: list[str] = []
	obstacles: list[str] = []

	def say(line: str) -> None:
		steps.append(line)
		if not as_json:
			click.echo(line)

	with orchestrator_of(context) as orchestrator:
		bench = bench_of(orchestrator, say, given["under"])
		restarts = not (dry_run or given["no_restart"])
		with bench.record.locked():
			plan = _plan(bench, given)
			try:
				bench.check_rights(plan, restart=not given["no_restart"])
				if plan.manager is not None:
					check_room(orchestrator, bench, plan.workers, given["force"])
			except scaling.NotDone as error:
				if not dry_run:
					raise
				obstacles.append(f"but not from here: {error}")
			if dry_run:
				steps = [*plan.in_detail(), *obstacles]
			else:
				_apply(bench, plan, given["undo"], restarts)
		found = _figures(orchestrator, bench, plan, wait=restarts)
	left = [] if dry_run else _left_to_do(plan, given["no_restart"])
	if as_json:
		name = plan.manager.name if plan.manager else None
		print_json({**found, "under": name, "steps": steps, "left_to_do": left, "dry_run": dry_run})
	else:
		_show("It would:", (steps or ["do nothing"]) if dry_run else [])
		_show("Left to do:", left)
		click.echo("Workers of {node}: {wanted} wanted, {alive} alive, {busy} busy".format(**found))
	if restarts and _is_live(plan) and found["alive"] != found["wanted"]:
		sys.exit(NOT_DONE)


def bench_of(orchestrator: Any, say: Callable[[str], None], under: str | None = None) -> scaling.Bench:
	"""The bench of this process, and the site that is connected."""
	root = Path(frappe.utils.get_bench_path()).resolve()
	return scaling.Bench(root, orchestrator.site.name, DoganSettings(), say, under)


def check_room(orchestrator: Any, bench: scaling.Bench, workers: int, force: bool) -> None:
	"""Raise NotDone where so many workers of this node would have no room."""
	from dogansystem.store import processes
	from dogansystem.worker import machine

	alive = _alive_on(bench)
	if force or workers <= alive:
		return
	db = orchestrator.site.database
	allowed = db.sql("SELECT @@max_connections")[0][0]
	connected = db.sql("SHOW GLOBAL STATUS LIKE 'Threads_connected'")[0][1]
	drainers = processes.every(db)
	others = max(0, int(connected) - sizing.CONNECTIONS * len(drainers))
	nodes = len({each.node for each in drainers} | {_node()})
	free = machine.facts(None, None).get("memory_available")
	room = sizing.Room(None if free is None else int(free), alive, int(allowed), others, nodes)
	if problems := sizing.why_not(workers, room):
		raise scaling.NotDone("\n".join(["Nothing was changed.", *problems, "Or insist on it with --force."]))


def _plan(bench: scaling.Bench, given: dict[str, Any]) -> scaling.Plan:
	wanted = [given[each] for each in ("workers", "agents", "room")]
	asks = wanted[:2] != [None, None]
	if given["undo"] and asks:
		raise InputError("--undo takes the last change back; it takes no --workers and no --agents.")
	if not given["undo"] and not asks:
		raise InputError("Give --workers or --agents or both, or --undo.")
	return bench.undo_plan() if given["undo"] else bench.plan(*wanted)


def _apply(bench: scaling.Bench, plan: scaling.Plan, undo: bool, restart: bool) -> None:
	if plan.is_empty:
		bench.say("Nothing to do: all is as it shall be.")
	else:
		bench.apply(plan, restart)
		if not undo:
			bench.remember(plan, time.time())
	if undo:
		bench.record.remove_newest()


def _figures(orchestrator: Any, bench: scaling.Bench, plan: scaling.Plan, wait: bool) -> dict[str, Any]:
	"""How many workers of this node are wanted, alive and busy; waits until as many are alive as wanted."""
	until = time.monotonic() + (WAIT if wait and _is_live(plan) else 0)
	while (alive := _alive_on(bench)) != plan.workers and time.monotonic() < until:
		time.sleep(LOOK_INTERVAL)
	frappe.db.rollback()
	node = orchestrator.get_system_status()["nodes"].get(_node(), {"busy": 0})
	return {"node": _node(), "wanted": plan.workers, "alive": alive, "busy": node["busy"]}


def _show(title: str, lines: list[str]) -> None:
	if lines:
		click.echo("\n  ".join([title, *lines]))


def _left_to_do(plan: scaling.Plan, no_restart: bool) -> list[str]:
	"""What a person has to do for the files to take effect."""
	if plan.manager is None:
		return []
	left = []
	if not plan.manager.is_live and any(each.is_needed for each in plan.files):
		left.append(plan.manager.advice)
	elif no_restart:
		left += [f"sudo {order}" for order in plan.orders]
	if plan.queue_is_new and plan.manager.is_live:
		left.append("bench restart: the other processes learn of the new queue when they start")
	return left


def _is_live(plan: scaling.Plan) -> bool:
	return plan.manager is not None and plan.manager.is_live


def _alive_on(bench: scaling.Bench) -> int:
	"""How many workers of this node are alive; 0 where Redis does not say."""
	import redis

	from dogansystem.homes.frappe import alive

	try:
		return alive.count(bench.root / "sites")
	except redis.RedisError:
		return 0


def _node() -> str:
	from dogansystem.worker import identity

	return identity.node()
