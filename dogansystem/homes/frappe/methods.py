"""Server methods and Server Scripts, as callers from outside may call them."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import frappe
from frappe import _

from dogansystem.engine.errors import NotAvailable, NotFound
from dogansystem.homes.frappe import compat
from dogansystem.homes.frappe.values import plain

OFF = (
	"Server Scripts are switched off on this bench. To switch them on, run `bench set-config -g "
	"server_script_enabled 1` and restart the bench: whoever may write Server Scripts can then do nearly everything."
)


def call_method(method: str, args: Mapping[str, Any]) -> Any:
	"""Call a whitelisted method by its dotted path, or a Server Script of type API by its name.

	Raises PermissionError when the method is not whitelisted (for guests: for them), NotFound when there is none.
	"""
	path = _overridden(method)
	script = compat.server_script(path)
	call = (lambda: _answer(script)) if script else (lambda: frappe.call(_function(path), **args))
	return plain(_with_form(call, args, cmd=method))


def run_script(script: str, args: Mapping[str, Any]) -> Any:
	"""Run a Server Script of type API by its name, or its method's. Raises NotAvailable where they are switched off."""
	from frappe.utils.safe_exec import is_safe_exec_enabled

	if not is_safe_exec_enabled():
		raise NotAvailable(OFF)
	filters = {"name": script, "script_type": "API", "disabled": 0}
	method = frappe.db.get_value("Server Script", filters, "api_method") or script
	run = compat.server_script(method)
	if run is None:
		raise NotFound(
			f"There is no Server Script of type API named {script!r} that is enabled, nor one of that method."
		)
	return plain(_with_form(lambda: _answer(run), args, cmd=method))


def mapped(method: str, name: str) -> Mapping[str, Any]:
	"""The document that a whitelisted mapper makes of the one named `name`, not saved, as its form would have it.

	Raises PermissionError when the method is not whitelisted, NotFound when there is none.
	"""
	function = _function(_overridden(method))
	try:
		inspect.signature(function).bind(name)
	except TypeError as error:
		frappe.throw(
			_("{0} is no mapper, which takes the name of a document: {1}").format(method, str(error))
		)
	made = _with_form(lambda: function(name), {"source_name": name}, cmd=method)
	values = made if isinstance(made, dict) else made.as_dict() if hasattr(made, "as_dict") else {}
	is_there = values.get("name") and frappe.db.exists(values.get("doctype"), values["name"])
	if not values.get("doctype") or is_there:
		text = _("{0} is no mapper: it makes no new document. Name one such as {1}.")
		frappe.throw(text.format(method, "erpnext.selling.doctype.quotation.quotation.make_sales_order"))
	# A mapper may have set flags, such as to ignore permissions; a form, which is what it is made for, drops them.
	return {key: value for key, value in values.items() if not str(key).startswith("__") and key != "name"}


def _overridden(method: str) -> str:
	"""What another app put in the method's place, the last one first, as Frappe's own handler reads the hook."""
	return frappe.get_hooks("override_whitelisted_methods", {}).get(method, [method])[-1]


def _function(path: str) -> Callable[..., Any]:
	try:
		function = frappe.get_attr(path)
	except (ImportError, AttributeError, ValueError, frappe.AppNotInstalledError) as error:
		raise NotFound(f"There is no server method {path!r}: {error}") from error
	if not callable(function):
		raise NotFound(f"There is no server method {path!r}: what is there cannot be called.")
	frappe.is_whitelisted(function)
	return function


def _with_form(call: Callable[[], Any], args: Mapping[str, Any], cmd: str) -> Any:
	before = frappe.local.form_dict
	frappe.local.form_dict = frappe._dict(args, cmd=cmd)
	try:
		return call()
	finally:
		frappe.local.form_dict = before


def _answer(script: Callable[[], Any]) -> Any:
	"""What a Server Script gives: what it put into flags, else its message, as Frappe's own handler answers."""
	before = frappe.local.response
	frappe.local.response = frappe._dict(docs=[])
	try:
		given = script()
		return frappe.local.response.get("message") if given is None else given
	finally:
		frappe.local.response = before
