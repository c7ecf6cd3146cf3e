"""A load on a staging site: what its workers can do."""

from typing import Any

import click
from frappe.commands import pass_context

from dogansystem.commands.site import orchestrator_of
from dogansystem.terminal import loads


@click.command("load")
@loads.load_options
@pass_context
def load(context: Any, **options: Any) -> None:
	"""Put a load on a staging site, measure it, and remove it: what the workers can do, for `compare`."""
	with orchestrator_of(context) as orchestrator:
		loads.run(orchestrator, options)
