"""The arguments of callers. An argument that is missing, of a wrong type or not JSON is an InputError that names it.

Without this check the method would fail somewhere inside, and answer with the status of a fault of the server.
"""

import json
from collections.abc import Callable
from functools import wraps
from inspect import Parameter, signature
from typing import Any, ParamSpec, TypeVar

import frappe
from frappe import _
from frappe.exceptions import FrappeTypeError
from frappe.utils.typing_validations import validate_argument_types

from dogansystem.api.errors import InputError
from dogansystem.engine.errors import half_a_character
from dogansystem.homes.frappe.site import current_site

Given = ParamSpec("Given")
Answer = TypeVar("Answer")

MAX_TEXT = (
	1000  # characters of a name or a key; data, which may also be a mapping or a list, has limits of its own
)
MAX_NUMBER = 2**31 - 1
_TEXT = (str, str | None)


def checked(function: Callable[Given, Answer]) -> Callable[Given, Answer]:
	"""Check a method's arguments before it runs. Stands below `@frappe.whitelist` on every method of the API.

	Frappe's own function checks the types. It is called here, because Frappe itself would answer with another status.
	"""
	parameters = signature(function).parameters
	needed = [name for name, each in parameters.items() if each.default is Parameter.empty]
	typed = validate_argument_types(function)

	@wraps(function)
	def call(*args: Given.args, **given: Given.kwargs) -> Answer:
		there = {*list(parameters)[: len(args)], *given}
		missing = [name for name in needed if name not in there]
		if missing:
			frappe.throw(_("Missing: {0}.").format(", ".join(missing)), InputError)
		for name, value in given.items():
			_check_text(name, value, parameters[name].annotation in _TEXT)
			if parameters[name].annotation is int:
				_check_number(name, value)
			if value == "" and parameters[name].annotation == str | None:
				given[name] = None  # the desk sends a null as this
		current_site().database.relax()
		try:
			return typed(*args, **given)
		except FrappeTypeError as error:
			frappe.throw(str(error), InputError)

	call.__annotations__ = {}  # so that Frappe does not look before us
	return call


def _check_text(name: str, value: Any, is_name: bool) -> None:
	if not isinstance(value, str):
		return
	if is_name and len(value) > MAX_TEXT:
		frappe.throw(_("{0}: is longer than {1} characters.").format(name, MAX_TEXT), InputError)
	try:
		value.encode()
	except UnicodeEncodeError as error:
		frappe.throw(f"{name}: {half_a_character(error)}", InputError)


def _check_number(name: str, value: Any) -> None:
	"""Whether it is one is looked at with the types."""
	try:
		number = int(value)
	except (TypeError, ValueError, OverflowError):
		return
	if abs(number) > MAX_NUMBER:
		frappe.throw(_("{0}: is larger than {1}.").format(name, MAX_NUMBER), InputError)


def as_object(value: Any, name: str) -> dict[str, Any]:
	"""An argument as a mapping. Forms and query strings send JSON as text. None is an empty one. Raises InputError."""
	return _as(dict, value, name, _("{0}: must be a JSON object."))


def as_list(value: Any, name: str) -> list[Any]:
	"""An argument as a list. Forms and query strings send JSON as text. None is an empty one. Raises InputError."""
	return _as(list, value, name, _("{0}: must be a JSON list."))


def as_texts(value: Any, name: str) -> list[str]:
	"""An argument as a list of texts. Raises InputError that names the argument."""
	found = as_list(value, name)
	if not all(isinstance(each, str) for each in found):
		frappe.throw(_("{0}: must be a JSON list of texts.").format(name), InputError)
	for each in found:
		_check_text(name, each, is_name=True)
	return found


def read_json(value: Any, name: str) -> Any:
	"""An argument as data of any kind. Raises InputError that names the argument."""
	if not isinstance(value, str):
		return value
	try:
		# Not Frappe's own, which makes objects that no YAML can be made of.
		return json.loads(value) if value.strip() else None
	except (ValueError, RecursionError) as error:
		frappe.throw(_("{0}: is not JSON: {1}").format(name, str(error)), InputError)


def _as(kind: type[Any], value: Any, name: str, otherwise: str) -> Any:
	found = read_json(value, name)
	if found is not None and not isinstance(found, kind):
		frappe.throw(otherwise.format(name), InputError)
	return kind() if found is None else found
