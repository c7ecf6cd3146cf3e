"""The contract of every kind of site, on this one."""

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
from dogansystem.tests.home import SiteTestCase
from dogansystem.tests.test_frappe_site import make_mail_account


class TestFlowOnFrappe(SiteTestCase, FlowContract):
	pass


class TestErrorsOnFrappe(SiteTestCase, ErrorContract):
	pass


class TestActionsOnFrappe(SiteTestCase, ActionContract):
	pass


class TestRetriesOnFrappe(SiteTestCase, RetryContract):
	pass


class TestRunsOnFrappe(SiteTestCase, RunContract):
	pass


class TestAgentsOnFrappe(SiteTestCase, AgentContract):
	pass


class TestTriggersOnFrappe(SiteTestCase, TriggerContract):
	pass


class TestLookingOnFrappe(SiteTestCase, LookingContract):
	pass


class TestWorkersOnFrappe(SiteTestCase, WorkerContract):
	pass


class TestSamplesOnFrappe(SiteTestCase, SampleContract):
	needs_unmeasured = True


class TestNodesOnFrappe(SiteTestCase, NodeContract):
	pass


class TestIsolationOnFrappe(SiteTestCase, IsolationContract):
	pass


class TestBranchesOnFrappe(SiteTestCase, BranchContract):
	pass


class TestSignalsOnFrappe(SiteTestCase, SignalContract):
	pass


class TestChildrenOnFrappe(SiteTestCase, ChildContract):
	pass


class TestCompensationOnFrappe(SiteTestCase, CompensationContract):
	pass


class TestParametersOnFrappe(SiteTestCase, ParameterContract):
	pass


class TestDisablingOnFrappe(SiteTestCase, DisablingContract):
	pass


class TestWebhooksOnFrappe(SiteTestCase, WebhookContract):
	pass


class TestMailsOnFrappe(SiteTestCase, EmailContract):
	def let_mail_out(self) -> None:
		make_mail_account(self)


class TestEndsOfRunsOnFrappe(SiteTestCase, RunTriggerContract):
	pass


class TestBatchesOnFrappe(SiteTestCase, BatchContract):
	pass


class _WithPeople(SiteTestCase):
	"""The set-up of unittest's own class comes before that of a contract and ends there."""

	def setUp(self) -> None:
		super().setUp()
		self.addCleanup(self.nobody_stands_in)
		self.employ()


class TestApprovalsOnFrappe(_WithPeople, ApprovalContract):
	pass


class TestAskedOnFrappe(_WithPeople, AskedContract):
	pass


class TestAsksOnFrappe(_WithPeople, AskContract):
	pass


class TestVersionsOnFrappe(SiteTestCase, VersionContract):
	pass
