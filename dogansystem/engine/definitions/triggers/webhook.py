"""`on: webhook`: another system posts to the workflow's own address."""

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from dogansystem.engine.definitions import check_values as values
from dogansystem.engine.definitions.problems import LEFT_OUT, Problems, at, shown
from dogansystem.engine.definitions.triggers.base import IN_START, Key, Kind

_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")  # RFC 9110, 5.6.2
# They sign a delivery in, and a run shows what it was started with to everybody who may see it.
_SIGNS = frozenset(
	{
		"authorization",
		"cookie",
		"proxy-authorization",
		"stripe-signature",
		"x-dogan-signature",
		"x-hub-signature",
		"x-hub-signature-256",
		"x-shopify-hmac-sha256",
	}
)


def header_names(value: Any, path: str, problems: Problems) -> Any:
	"""The names of headers, none of which signs a delivery in."""
	names = values.listed_text(value, path, problems)
	if names is LEFT_OUT:
		return names
	for index, name in enumerate(names):
		if not _HEADER.fullmatch(name):
			problems.add(
				at(path, index),
				f"{shown(name)} is not the name of a header; write one such as X-GitHub-Event",
			)
		elif name.lower() in _SIGNS:
			problems.add(
				at(path, index), f"{name} signs deliveries in, and a run would show it; leave it out"
			)
	return names or LEFT_OUT


class WebhookKind(Kind):
	"""Deliveries of another system, signed with the secret of a credential."""

	on = "webhook"
	about = (
		"A signed POST arrives at the workflow's own address; see [Webhooks](../guides/webhooks.md). `trigger` has `body`, "
		"`headers` (those that are listed), `query` and `delivery`. The steps have the permissions of `run_as`."
	)
	starts_as = "a webhook"
	keys: ClassVar[Mapping[str, Key]] = {
		"credential": Key(
			values.label,
			"The Dogan Credential that signs deliveries: of the kind `hmac`, `github`, `stripe`, `shopify` or `token`.",
			required=True,
		),
		"headers": Key(
			header_names,
			"The headers that the run keeps as `trigger.headers`, such as `[X-GitHub-Event]`. One that was not sent is null.",
			field="kept_headers",
			form="names",
		),
		"if": Key(
			values.condition,
			"A delivery starts a run only if it is true. The sender gets the same answer, with `run: null`.",
			field="condition",
			in_reach=IN_START,
		),
		"key": Key(
			values.template,
			"What makes two deliveries the same one, such as `{{ trigger.body.id }}`: the second one is answered with the "
			"run of the first. Left out: the sender's delivery id.",
			field="delivery_key",
			in_reach=IN_START,
		),
	}
