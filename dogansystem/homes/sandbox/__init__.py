"""The sandbox: workflows without a bench. `Sandbox()` is all that most need; documents raise what `errors` has."""

from dogansystem.homes.databases.clock import TestClock
from dogansystem.homes.sandbox.site import Sandbox

__all__ = ["Sandbox", "TestClock"]
