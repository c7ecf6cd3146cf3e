"""Who may do what: everybody everything, until somebody says otherwise."""

from collections.abc import Callable

import pytest

from dogansystem.homes.sandbox import Sandbox
from dogansystem.homes.sandbox.errors import PermissionError, ValidationError


def _attempts(sandbox: Sandbox) -> dict[str, Callable[[], object]]:
	documents = sandbox.documents
	return {
		"read": lambda: documents.get("Salary", "S"),
		"list": lambda: documents.list("Salary"),
		"comment": lambda: documents.comment("Salary", "S", "x"),
		"assign": lambda: documents.assign("Salary", "S", "ada@example.com"),
		"write": lambda: documents.update("Salary", "S", {"amount": 2}),
		"create": lambda: documents.create("Salary", {}),
		"submit": lambda: documents.submit("Salary", "S"),
		"cancel": lambda: documents.cancel("Salary", "S"),
		"delete": lambda: documents.delete("Salary", "S"),
	}


def _refused(sandbox: Sandbox, user: str) -> list[str]:
	refused = []
	with sandbox.acting_as(user):
		for name, attempt in _attempts(sandbox).items():
			try:
				attempt()
			except PermissionError as error:
				assert user in str(error)
				refused.append(name)
	sandbox.database.rollback()
	return refused


@pytest.fixture(autouse=True)
def salary(sandbox: Sandbox) -> None:
	sandbox.load_documents([{"doctype": "Salary", "name": "S", "amount": 1}])
	sandbox.people.add_user("ada@example.com", ["HR Manager"])
	sandbox.people.add_user("bob@example.com", ["HR User"])


def test_guest_may_do_nothing_and_everybody_else_everything(sandbox: Sandbox) -> None:
	assert _refused(sandbox, "Guest") == list(_attempts(sandbox))
	for user in ("ada@example.com", "nobody.in.particular@example.com", "Administrator"):
		assert _refused(sandbox, user) == []


def test_a_restricted_doctype_is_for_its_roles(sandbox: Sandbox) -> None:
	sandbox.permissions.restrict("Salary", ["HR Manager"])
	sandbox.permissions.restrict("Salary", "HR User", may=["read"])
	everything = list(_attempts(sandbox))
	assert _refused(sandbox, "ada@example.com") == []
	assert _refused(sandbox, "Administrator") == []
	assert _refused(sandbox, "bob@example.com") == ["write", "create", "submit", "cancel", "delete"]
	assert _refused(sandbox, "nobody.in.particular@example.com") == everything
	with sandbox.acting_as("nobody.in.particular@example.com"):
		sandbox.documents.create("Lead", {})


def test_a_doctype_restricted_to_nobody_is_for_administrator(sandbox: Sandbox) -> None:
	sandbox.permissions.restrict("Salary", [])
	assert "read" in _refused(sandbox, "ada@example.com")
	assert _refused(sandbox, "Administrator") == []


def test_guest_can_be_let_in(sandbox: Sandbox) -> None:
	sandbox.permissions.restrict("Salary", ["Guest"], may=["read"])
	assert "read" not in _refused(sandbox, "Guest")
	assert "write" in _refused(sandbox, "Guest")


def test_an_unknown_permission_is_refused(sandbox: Sandbox) -> None:
	with pytest.raises(ValidationError, match="There is no permission 'print'; there are read, write"):
		sandbox.permissions.restrict("Salary", ["HR User"], may=["print"])


def test_the_acting_user_comes_back_after_the_block(sandbox: Sandbox) -> None:
	assert sandbox.user == "sandbox@example.com"
	with sandbox.acting_as("ada@example.com"):
		with pytest.raises(ZeroDivisionError), sandbox.acting_as("bob@example.com"):
			assert sandbox.user == "bob@example.com"
			_ = 1 / 0
		assert sandbox.user == "ada@example.com"
	assert sandbox.user == "sandbox@example.com"
	with pytest.raises(ValidationError, match="Nobody is named to act"), sandbox.acting_as(""):
		pass
