"""Whitelisted server methods, called as the acting user and under the rules of `/api/method`."""

from collections.abc import Mapping
from typing import Any

import frappe

from dogansystem.engine.errors import NotFound
from dogansystem.homes.frappe import compat
from dogansystem.homes.frappe.values import plain


def call_method(method: str, args: Mapping[str, Any]) -> Any:
	"""Call a whitelisted method by its dotted path, or a Server Script of type API by its name.

	Raises PermissionError when the method is not whitelisted (for guests: for them), NotFound when there is none.
	"""
	path = _overridden(method)
	before = frappe.local.form_dict
	frappe.local.form_dict = frappe._dict(args, cmd=method)
	try:
		script = compat.server_script(path)
		return plain(script() if script else _call(path, args))
	finally:
		frappe.local.form_dict = before


def _overridden(method: str) -> str:
	"""What another app put in the method's place, the last one first, as Frappe's own handler reads the hook."""
	replacements = frappe.get_hooks("override_whitelisted_methods", {}).get(method)
	return replacements[-1] if replacements else method


def _call(path: str, args: Mapping[str, Any]) -> Any:
	try:
		function = frappe.get_attr(path)
	except (ImportError, AttributeError, ValueError, frappe.AppNotInstalledError) as error:
		raise NotFound(f"There is no server method {path!r}: {error}") from error
	if not callable(function):
		raise NotFound(f"There is no server method {path!r}: what is there cannot be called.")
	frappe.is_whitelisted(function)
	return frappe.call(function, **args)
