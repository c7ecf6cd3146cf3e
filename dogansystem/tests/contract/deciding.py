"""What the contract's tests of approvals need: people, who stands in for them, and steps that ask them."""

from collections.abc import Mapping, Sequence
from typing import Any

from dogansystem.tests.contract.home import step
from dogansystem.tests.contract.waits import HOUR, Waiting

ANN, BEN, CAM, DEE = (f"dogan-{name}@example.com" for name in ("ann", "ben", "cam", "dee"))
PEOPLE = (ANN, BEN, CAM, DEE)
ROLE = "Dogan Contract Approver"
DAY = 24 * HOUR


def approve(step_id: str = "ok", to: Any = ANN, **rest: Any) -> dict[str, Any]:
	"""A step that asks; keys of a step beside `params` are given as they are."""
	keys = {
		key: rest.pop(key)
		for key in ("after", "for_each", "max_parallel", "on_error", "retry")
		if key in rest
	}
	return step(step_id, "flow.approve", params={"to": to, "subject": "Shall we?", **rest}, **keys)


def ways() -> list[dict[str, Any]]:
	"""A step for each way in which `ok` may end."""
	return [
		step("yes", after=["ok.approved"]),
		step("no", after=["ok.rejected"]),
		step("late", after=["ok.expired"]),
	]


class Deciding(Waiting):
	def setUp(self) -> None:
		super().setUp()
		self.employ()

	def employ(self) -> None:
		"""Have the people of these tests, enabled and without a role, and nobody who stands in for them."""
		self.nobody_stands_in()
		people = self.site.people
		for user in PEOPLE:
			is_known = self.site.documents.exists(
				"User", user
			)  # in a sandbox who is not known may do everything
			if not is_known or ROLE in people.roles(user):  # saving a user takes Frappe seconds
				self.user(user)

	def keep(self, doctype: str, name: str, values: Mapping[str, Any]) -> None:
		"""Create a document, or change the one that is there."""
		with self.site.acting_as("Administrator"):
			documents = self.site.documents
			known = documents.list(doctype, {"name": name}, ["name"])
			if known:
				documents.update(
					doctype, name, {key: value for key, value in values.items() if key != "name"}
				)
			else:
				documents.create(doctype, {"name": name, **values})
		self.site.database.commit()

	def user(self, user: str, roles: Sequence[str] = (), enabled: bool = True) -> None:
		values = {"email": user, "first_name": user.partition("@")[0], "enabled": int(enabled)}
		values |= {"send_welcome_email": 0, "roles": [{"role": role} for role in roles]}
		self.keep("User", user, values)

	def substitute(self, whose: str, by: str, from_days: int = -1, until_days: int = 1) -> None:
		"""Let somebody stand in for another one, from so many days before today until so many after it."""
		days = {
			name: self.site.local_time(self.site.now() + days * DAY).date().isoformat()
			for name, days in (("from_date", from_days), ("until_date", until_days))
		}
		with self.site.acting_as("Administrator"):
			for known in self.site.documents.list("Dogan Substitute", {"for_user": whose}, ["name"]):
				self.site.documents.delete("Dogan Substitute", known["name"])
			self.site.documents.create("Dogan Substitute", {"for_user": whose, "by_user": by, **days})
		self.site.database.commit()

	def nobody_stands_in(self) -> None:
		with self.site.acting_as("Administrator"):
			for known in self.site.documents.list(
				"Dogan Substitute", {"for_user": ["in", list(PEOPLE)]}, ["name"]
			):
				self.site.documents.delete("Dogan Substitute", known["name"])
		self.site.database.commit()

	def tearDown(self) -> None:
		self.nobody_stands_in()
		super().tearDown()

	def asked(self, run: str) -> list[str]:
		"""The names of what a run asks now, by item."""
		found = [each for each in self.orchestrator.pending_approvals() if each["run"] == run]
		self.site.database.rollback()
		return [
			each["approval"] for each in sorted(found, key=lambda each: (each["step"], each["index"] or 0))
		]

	def decide(
		self, approval: str, user: str = ANN, decision: str = "approved", **rest: Any
	) -> dict[str, Any]:
		try:
			found = self.orchestrator.decide(approval, decision, user=user, **rest)
		except Exception:
			self.site.database.rollback()
			raise
		self.site.database.commit()
		return found

	def refused(self, kind: type[Exception], approval: str, user: str, *rest: Any, **more: Any) -> str:
		with self.assertRaises(kind) as caught:
			self.decide(approval, user, *rest, **more)
		self.assertIs(type(caught.exception), kind)
		return str(caught.exception)

	def approval(self, name: str, user: str | None = None) -> dict[str, Any]:
		found = self.orchestrator.get_approval(name, user)
		self.site.database.rollback()
		return found
