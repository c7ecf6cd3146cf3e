"""What a sandbox does with its documents: all that a site does, as far as there are no DocTypes."""

from dogansystem.homes.sandbox.moves import Moves
from dogansystem.homes.sandbox.sidebar import Sidebar


class Documents(Sidebar, Moves):
	"""A `protocol.Documents`."""
