"""As many workers on this node as there is work, within bounds: run by systemd, supervisor or cron."""

import time
from dataclasses import asdict
from typing import Any

import click
from frappe.commands import pass_context

from dogansystem.commands.scale import bench_of, check_room
from dogansystem.commands.site import json_option, orchestrator_of, print_json
from dogansystem.homes.bench.autoscaler import Autoscaler
from dogansystem.scaling.autoscale import Bounds, Demand


@click.command("autoscale")
@click.option("--floor", default=2, show_default=True, help="Never fewer workers on this node.")
@click.option("--ceiling", default=20, show_default=True, help="Never more.")
@click.option(
	"--cooldown",
	default=300.0,
	show_default=True,
	help="Seconds that fewer have to be enough before some go.",
)
@click.option("--interval", default=15.0, show_default=True, help="Seconds between two looks.")
@click.option("--once", is_flag=True, help="Look once, for cron.")
@click.option("--force", is_flag=True, help="Even if the ceiling seems to have no room.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and change nothing.")
@json_option
@pass_context
def autoscale(
	context: Any, floor: int, ceiling: int, cooldown: float, interval: float, once: bool, **given: bool
) -> None:
	"""Have as many workers on this node as there is work: one for each step that runs, one more for each 20 ready."""
	as_json, dry_run = given["as_json"], given["dry_run"]
	with orchestrator_of(context) as orchestrator:
		_prepare(orchestrator, Bounds(floor, ceiling, cooldown), given["force"], dry_run, as_json)
	while True:
		try:
			_look(context, Bounds(floor, ceiling, cooldown), once, dry_run, as_json)
		except Exception as error:
			# The database or the process manager is away for a while; the next look may find it again.
			if once:
				raise
			click.echo(f"{type(error).__name__}: {error}", err=True)
		if once:
			return
		time.sleep(interval)


def _prepare(orchestrator: Any, bounds: Bounds, force: bool, dry_run: bool, as_json: bool) -> None:
	bench = bench_of(orchestrator, (lambda line: None) if as_json else click.echo)
	plan = Autoscaler(bench, bounds).preparation()
	bench.check_rights(plan, restart=True)
	check_room(orchestrator, bench, bounds.ceiling, force)
	if dry_run:
		for line in plan.lines():
			bench.say(f"would {line}")
	elif not plan.is_empty:
		with bench.record.locked():
			bench.apply(plan)
			bench.remember(plan, time.time())


def _look(context: Any, bounds: Bounds, always: bool, dry_run: bool, as_json: bool) -> None:
	with orchestrator_of(context) as orchestrator:
		demand, found = _demand(orchestrator), None
		bench = bench_of(orchestrator, (lambda line: None) if as_json else click.echo)
		if demand:
			with bench.record.locked():
				found = Autoscaler(bench, bounds).look(orchestrator.site.now(), demand, dry_run)
	if as_json and (found is None or found.orders or always):
		print_json({"cordoned": found is None, "dry_run": dry_run, **(asdict(found) if found else {})})
	elif found is None:
		click.echo("This node is cordoned: its workers stay as they are.")
	elif found.orders or always:
		change = f"{found.workers_before} → {found.workers}" if found.orders else f"{found.workers}"
		dry = " (dry run)" if dry_run else ""
		click.echo(f"{time.strftime('%H:%M:%S')} workers {change}{dry}: {found.why}")


def _demand(orchestrator: Any) -> Demand | None:
	"""What there is to do, and how many nodes share it; None while this one is cordoned."""
	from dogansystem.store import nodes, processes, queue
	from dogansystem.worker import identity

	db = orchestrator.site.database
	leaving = {each.name for each in nodes.every(db) if each.draining_since}
	if identity.node() in leaving:
		return None
	sharing = {each.node for each in processes.every(db) if each.id > 0} | {identity.node()}
	return Demand(*queue.demand(db), len(sharing - leaving))
