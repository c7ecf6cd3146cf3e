"""The contract on the sandbox, on SQLite and on MariaDB."""

from pathlib import Path
from unittest import TestCase

import pytest

from dogansystem.homes.sandbox import Sandbox, TestClock
from dogansystem.tests.contract.agents import AgentContract
from dogansystem.tests.contract.errors import ErrorContract
from dogansystem.tests.contract.flow import FlowContract
from dogansystem.tests.contract.home import Home
from dogansystem.tests.contract.isolation import IsolationContract
from dogansystem.tests.contract.nodes import NodeContract
from dogansystem.tests.contract.retries import RetryContract
from dogansystem.tests.contract.runs import RunContract
from dogansystem.tests.contract.samples import SampleContract
from dogansystem.tests.contract.triggers import TriggerContract
from dogansystem.tests.contract.workers import WorkerContract


class OnSandbox(Home, TestCase):
	"""A sandbox of its own for each test, with a clock that stands still."""

	database: str

	@pytest.fixture(autouse=True)
	def _sandbox(self, request: pytest.FixtureRequest, tmp_path: Path):
		url = (
			str(tmp_path / "contract.db")
			if self.database == "sqlite"
			else request.getfixturevalue("empty_mariadb_url")
		)
		self.clock = TestClock()
		with Sandbox(url, clock=self.clock) as self.site:
			self.set_settings(linger_seconds=0)
			yield

	def advance(self, seconds: float) -> None:
		self.clock.advance(seconds)

	def set_settings(self, **values: object) -> None:
		self.site.set_settings(**values)
		self.site.database.commit()


CONTRACTS = (
	FlowContract,
	ErrorContract,
	RunContract,
	RetryContract,
	AgentContract,
	TriggerContract,
	WorkerContract,
	IsolationContract,
	NodeContract,
	SampleContract,
)

globals().update(
	{
		f"Test{contract.__name__}On{database}": type(
			contract.__name__, (contract, OnSandbox), {"database": database.lower()}
		)
		for database in ("SQLite", "MariaDB")
		for contract in CONTRACTS
	}
)
