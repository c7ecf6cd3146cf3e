"""The sandbox: workflows without a bench. `Sandbox()` is all that most need; documents raise what `errors` has."""

from dogansystem.sites.clock import TestClock
from dogansystem.sites.sandbox.site import Sandbox

__all__ = ["Sandbox", "TestClock"]
