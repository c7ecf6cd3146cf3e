"""A site that reaches a server of the tests', which writes down what it is sent."""

from typing import Any

from dogansystem.tests.contract.home import PERSON, Home, step
from dogansystem.tests.home import SiteTestCase
from dogansystem.tests.recorder import recording


class OutsideTestCase(SiteTestCase, Home):
	def setUp(self) -> None:
		super().setUp()
		self.recorder = self.enterContext(recording()) if hasattr(self, "enterContext") else self._enter()
		self.set_settings(allow_private_network=1)

	def _enter(self) -> Any:
		context = recording()
		self.addCleanup(context.__exit__, None, None, None)
		return context.__enter__()

	def result(self, action: str, user: str = PERSON, **params: Any) -> dict[str, Any]:
		"""The run of one step."""
		return self.run_steps([step("a", action, params=params)], run_as=user)
