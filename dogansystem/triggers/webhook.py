"""Webhook triggers: another system posts a signed delivery to a workflow's own address.

The signature is looked at before anything else of the delivery is, and whoever cannot sign learns nothing: not whether
there is such a workflow, nor what is wrong. The run is written in the transaction that answers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from dogansystem.engine import log
from dogansystem.engine.definition import Definition, Trigger
from dogansystem.engine.errors import DoganError, NotFound, UnreadableVersion, WrongState
from dogansystem.engine.outputs import encode
from dogansystem.engine.templates.render import render
from dogansystem.protocol import Site
from dogansystem.store import start
from dogansystem.store.moment import moment
from dogansystem.triggers import bodies, rate, signatures, starting
from dogansystem.triggers.base import of_kind
from dogansystem.triggers.faults import written
from dogansystem.triggers.signatures import Refused, Request

KIND = "webhook"


class TooMany(Exception):
	"""More deliveries than a credential's rate allows. `seconds`: when to come again."""

	def __init__(self, seconds: int) -> None:
		super().__init__(f"come again in {seconds} seconds")
		self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Delivery:
	"""What was sent, as data. Names of headers are in lower case; `id` None: the sender gave none."""

	body: Any = None
	headers: Mapping[str, str] = field(default_factory=dict)
	query: Mapping[str, Any] = field(default_factory=dict)
	id: str | None = None


@dataclass(frozen=True, slots=True)
class _Wanting:
	"""A workflow and those of its triggers that take a delivery."""

	definition: Definition
	version: str
	triggers: Sequence[Trigger]


def receive(site: Site, workflow: str, request: Request) -> str | None:
	"""Start what a delivery to a workflow asks for, in this thread's transaction; gives the run, or that of the first
	delivery with this id. None: no trigger's `if` is true, or the limit is full.

	Raises Refused, TooMany, and InputError for a body that cannot be read.
	"""
	wanting = _of_workflow(site, workflow)
	if wanting is None:
		raise Refused("there is no enabled workflow of this name with a webhook")
	triggers, secret, identity = _signed(site, wanting, request)
	headers = {
		name: value for name, value in request.headers.items() if name != secret.get("header", "").lower()
	}
	delivery = Delivery(bodies.read(request), headers, request.query, identity)
	return _start_first(site, _Wanting(wanting.definition, wanting.version, triggers), delivery)


def deliver(site: Site, workflow: str, delivery: Delivery) -> str | None:
	"""The same for a delivery that needs no signature: whoever tries a workflow has made it. Raises NotFound if the workflow
	has no webhook."""
	wanting = _of_workflow(site, workflow)
	if wanting is None:
		raise NotFound(
			f"Workflow {workflow!r} has no trigger `on: webhook`, or is disabled. Add one, and enable it."
		)
	return _start_first(site, wanting, delivery)


def _of_workflow(site: Site, workflow: str) -> _Wanting | None:
	try:
		definition, version = starting.enabled_definition(site, site.database, workflow)
	except (NotFound, WrongState, UnreadableVersion):
		return None
	triggers = of_kind(definition, KIND)
	return _Wanting(definition, version, triggers) if triggers else None


def _signed(
	site: Site, wanting: _Wanting, request: Request
) -> tuple[list[Trigger], Mapping[str, str], str | None]:
	"""The triggers whose credential has signed a delivery, that credential, and the delivery's id. Raises Refused or TooMany."""
	reasons: dict[str, str] = {}
	for name in dict.fromkeys(str(each.keys["credential"]) for each in wanting.triggers):
		secret = site.webhook_secret(name)
		if secret is None:
			reasons[name] = "there is no such credential, or it is of a kind that signs no webhooks"
			continue
		try:
			identity = signatures.check(secret, request, site.now())
		except Refused as refused:
			reasons[name] = str(refused)
			continue
		if secret.get("rate") and (seconds := rate.seconds_to_wait(site, f"webhook {name}", secret["rate"])):
			raise TooMany(seconds)
		return [each for each in wanting.triggers if each.keys["credential"] == name], secret, identity
	text = "; ".join(f"credential {name}: {reason}" for name, reason in reasons.items())
	site.report(f"{wanting.definition.name}: a webhook was refused", text)
	raise Refused(text)


def _start_first(site: Site, wanting: _Wanting, delivery: Delivery) -> str | None:
	for trigger in wanting.triggers:
		if run := _start(site, wanting, trigger, delivery):
			site.after_commit(site.doorbell.ring)
			return run
	return None


def _start(site: Site, wanting: _Wanting, trigger: Trigger, delivery: Delivery) -> str | None:
	definition, at, user = wanting.definition, moment(site), wanting.definition.run_as or ""
	about = _about(trigger, delivery)
	encode(about, "The delivery", "Send less.")
	given: dict[str, Any] = {"cause": KIND, "started_by": user, "trigger": about}
	try:
		key = _key(site, definition, trigger, about, user, delivery)
	except DoganError as error:
		failed = partial(starting.start_failed, site, site.database, wanting.version, error, at, **given)
		return written(site.database, failed)
	# Whatever has become of the workflow since, a delivery that comes again is the first one.
	if key and (known := start.run_of_key(site.database, definition.name, key, KIND)):
		return known

	def holds() -> bool:
		return starting.condition_holds(site, definition, trigger, None, about, user, at)

	run = starting.start_or_fail(
		site, site.database, definition.name, wanting.version, at, holds=holds, idempotency_key=key, **given
	)
	log.event(log.INFO, "webhook.received", workflow=definition.name, run=run, delivery=delivery.id)
	return run


def _about(trigger: Trigger, delivery: Delivery) -> dict[str, Any]:
	kept = trigger.keys.get("headers", ())
	return {
		"on": KIND,
		"body": delivery.body,
		"headers": {name: delivery.headers.get(name.lower()) for name in kept},
		"query": dict(delivery.query),
		"delivery": delivery.id,
	}


def _key(
	site: Site,
	definition: Definition,
	trigger: Trigger,
	about: Mapping[str, Any],
	user: str,
	delivery: Delivery,
) -> str | None:
	"""What makes another delivery the same one as this. None: nothing does."""
	if "key" not in trigger.keys:
		return f"{trigger.keys['credential']} {delivery.id}" if delivery.id else None
	values = starting.values_at_start(site, definition, None, about, user, moment(site))
	value = render(trigger.keys["key"], values, "key")
	return None if value in (None, "") else f"{trigger.keys['credential']} key {value}"
