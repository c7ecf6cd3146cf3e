"""DoganSystem: workflows and agents that live inside ERPNext."""

from typing import TYPE_CHECKING, Any

__version__ = "0.2.0"
__all__ = ["Orchestrator", "Sandbox"]

if TYPE_CHECKING:
	from dogansystem.homes.sandbox import Sandbox
	from dogansystem.orchestrator import Orchestrator


def __getattr__(name: str) -> Any:
	"""Load the two public classes when they are first asked for: every Frappe process imports this package."""
	if name == "Orchestrator":
		from dogansystem.orchestrator import Orchestrator

		return Orchestrator
	if name == "Sandbox":
		from dogansystem.homes.sandbox import Sandbox

		return Sandbox
	raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
