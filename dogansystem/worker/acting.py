"""Who may still act: a user who was disabled or deleted lends their permissions to no step any more."""

import time

from dogansystem.engine.errors import NotAllowed
from dogansystem.protocol import Site

INTERVAL = 5.0  # seconds between two questions about the same user; asked for each step it would cost more than some steps


class Acting:
	"""Remembers for a moment which users may act. One object serves all steps of a drainer."""

	def __init__(self, site: Site) -> None:
		self._site = site
		self._known: dict[str, float] = {}

	def check(self, user: str) -> None:
		"""Raise NotAllowed unless `user` is an enabled user of the site. Not to be called within a step's scope."""
		now = time.monotonic()
		if self._known.get(user, 0.0) > now:
			return
		if not self._site.people.exists(user):
			raise NotAllowed(
				f"User {user} is disabled or does not exist, so nothing is done with their permissions any more."
				" Name another user in run_as or in the agent, or enable this one."
			)
		self._known[user] = now + INTERVAL
