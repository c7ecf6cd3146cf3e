"""How many agents may be enabled at a time, and how many steps one may begin."""

from dogansystem.engine.errors import InputError, LimitReached
from dogansystem.engine.rates import parse_rate
from dogansystem.protocol import Site
from dogansystem.store import agents


def check_may_enable(site: Site, name: str, max_agents: int | None = None) -> None:
	"""Raise LimitReached if one more enabled agent would be over `max_agents`.

	Called in the transaction that enables the agent, while it is not enabled yet. The limit is read from the settings
	each time, so raising it there takes effect at once.
	"""
	limit = site.settings().max_agents if max_agents is None else max_agents
	site.database.begin()
	enabled = agents.count_enabled(site.database, but=name)
	if enabled >= limit:
		raise LimitReached(
			f"Agent {name!r} cannot be enabled: {enabled} are enabled and max_agents is {limit}."
			" Disable another agent, or raise max_agents in Dogan Settings."
		)


def check_rate(rate: str) -> None:
	"""Raise InputError unless `rate` says how many steps an agent may begin in which time, or nothing."""
	try:
		parse_rate(rate)
	except ValueError as error:
		raise InputError(f"rate: {error}") from None
