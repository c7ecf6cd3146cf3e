"""The contract on the sandbox, on SQLite and on each MariaDB server that was given."""

from pathlib import Path
from unittest import TestCase

import pytest

from dogansystem.homes.sandbox import Sandbox, TestClock
from dogansystem.tests.contract.actions import ActionContract
from dogansystem.tests.contract.agents import AgentContract
from dogansystem.tests.contract.approvals import ApprovalContract
from dogansystem.tests.contract.asked import AskContract, AskedContract
from dogansystem.tests.contract.batches import BatchContract
from dogansystem.tests.contract.branches import BranchContract
from dogansystem.tests.contract.children import ChildContract
from dogansystem.tests.contract.compensation import CompensationContract
from dogansystem.tests.contract.disabling import DisablingContract
from dogansystem.tests.contract.ends import RunTriggerContract
from dogansystem.tests.contract.errors import ErrorContract
from dogansystem.tests.contract.flow import FlowContract
from dogansystem.tests.contract.home import PERSON, Home
from dogansystem.tests.contract.isolation import IsolationContract
from dogansystem.tests.contract.looking import LookingContract
from dogansystem.tests.contract.mails import EmailContract
from dogansystem.tests.contract.nodes import NodeContract
from dogansystem.tests.contract.parameters import ParameterContract
from dogansystem.tests.contract.retries import RetryContract
from dogansystem.tests.contract.runs import RunContract
from dogansystem.tests.contract.samples import SampleContract
from dogansystem.tests.contract.triggers import TriggerContract
from dogansystem.tests.contract.versions import VersionContract
from dogansystem.tests.contract.waits import SignalContract
from dogansystem.tests.contract.webhooks import WebhookContract
from dogansystem.tests.contract.workers import WorkerContract
from tests.integration.sandbox.conftest import FURTHER, SERVER, empty


class OnSandbox(Home, TestCase):
	"""A sandbox of its own for each test, with a clock that stands still."""

	server: str | None  # the URL of a MariaDB server; None: a file

	@pytest.fixture(autouse=True)
	def _sandbox(self, request: pytest.FixtureRequest, tmp_path: Path):
		is_file = self.server is None
		url = (
			str(tmp_path / "contract.db")
			if is_file
			else request.getfixturevalue("new_mariadb_url")(self.server)
		)
		self.clock = TestClock()
		with Sandbox(url, clock=self.clock) as self.site:
			self.set_settings(linger_seconds=0)
			yield
		if not is_file:
			empty(url)

	def advance(self, seconds: float) -> None:
		self.clock.advance(seconds)

	def keep_credential(self, name: str, **values: str) -> str:
		self.site.set_credential(name, values)
		return name

	def forbid(self, doctype: str) -> None:
		self.site.permissions.restrict(doctype, ["System Manager"])
		self.site.people.add_user(PERSON, ["System Manager"])

	def set_settings(self, **values: object) -> None:
		self.site.set_settings(**values)
		self.site.database.commit()


CONTRACTS = (
	FlowContract,
	ErrorContract,
	ActionContract,
	RunContract,
	RetryContract,
	AgentContract,
	TriggerContract,
	LookingContract,
	WorkerContract,
	IsolationContract,
	NodeContract,
	SampleContract,
	BranchContract,
	SignalContract,
	ChildContract,
	CompensationContract,
	ParameterContract,
	DisablingContract,
	WebhookContract,
	EmailContract,
	RunTriggerContract,
	BatchContract,
	ApprovalContract,
	AskedContract,
	AskContract,
	VersionContract,
)

SERVERS = {"SQLite": None, "MariaDB": SERVER}
SERVERS |= {f"MariaDB{number}": server for number, server in enumerate(FURTHER, 2)}

globals().update(
	{
		f"Test{contract.__name__}On{database}": type(
			contract.__name__, (contract, OnSandbox), {"server": server}
		)
		for database, server in SERVERS.items()
		for contract in CONTRACTS
	}
)
