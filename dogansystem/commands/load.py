"""A load on a staging site: what its workers can do."""

from typing import Any

import click
from frappe.commands import pass_context

from dogansystem.commands.site import orchestrator_of
from dogansystem.terminal import loads


@click.command("load")
@loads.load_options
@pass_context
def load(
	context: Any,
	runs: int | None,
	rate: str | None,
	duration: str,
	shape: str,
	steps: int,
	seconds: str,
	items: int,
	seed: int,
	record: str | None,
	keep: bool,
	clean: bool,
	yes: bool,
	as_json: bool,
	markdown: bool,
) -> None:
	"""Put a load on a staging site, measure it, and remove it: what the workers can do, for `compare`."""
	with orchestrator_of(context) as orchestrator:
		if clean:
			loads.clean(orchestrator)
			return
		plan = loads.plan_of(runs, rate, duration, shape, steps, seconds, items, seed)
		loads.execute(
			orchestrator, plan, record=record, keep=keep, yes=yes, as_json=as_json, markdown=markdown
		)
