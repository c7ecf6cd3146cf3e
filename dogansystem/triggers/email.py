"""Email triggers: a mail was received as a Communication, in the transaction that keeps it.

What keeps mails and answers from starting each other for ever: mails of the site's own accounts start nothing; mails that
steps send say that they are automatic, so that no well-behaved program answers them; and a sender whose mails start runs, and
who gets as many mails from here, is not heard for a while.
"""

import re
from collections.abc import Mapping
from fnmatch import translate
from typing import Any

from dogansystem.engine.definition import Trigger
from dogansystem.engine.definitions.triggers.email import DOCTYPE as DOCTYPE
from dogansystem.engine.errors import LimitReached
from dogansystem.protocol import Site
from dogansystem.store import versions
from dogansystem.store.moment import moment
from dogansystem.triggers import starting
from dogansystem.triggers.faults import tell

KIND = "email"
RECEIVED = "received"  # the event that a home tells of, once the attachments of a mail are there
MOST = 10  # mails each way between a sender and a workflow in an hour; one more is taken for two programs that answer each other
HOUR = 3600  # seconds


def is_mail(doc: Mapping[str, Any]) -> bool:
	"""Whether a Communication is a mail that was received."""
	return doc.get("sent_or_received") == "Received" and doc.get("communication_medium") == "Email"


def fits(trigger: Trigger, doc: Mapping[str, Any]) -> bool:
	"""Whether a trigger wants a mail, but for its `if`."""
	keys = trigger.keys
	return (
		is_mail(doc)
		and keys.get("account") in (None, doc.get("email_account"))
		and _matches(keys.get("subject"), doc.get("subject"))
		and _matches(keys.get("from"), doc.get("sender"))
	)


def start(site: Site, workflow: str, version: str, trigger: Trigger, doc: Mapping[str, Any]) -> str | None:
	"""Start a run for a mail, in this thread's transaction; None if its `if` says no, or it is one of too many."""
	definition, at = versions.load(site, version), moment(site)
	user = definition.run_as or ""
	if definition.only_as is not None:
		seen = site.documents.seen_by(definition.only_as, dict(doc))
		if seen is None:
			return None
		doc = seen
	sender = str(doc.get("sender") or "")
	if site.people.is_own_address(sender):
		return None
	about = {
		"on": KIND,
		"account": doc.get("email_account"),
		"subject": doc.get("subject"),
		"sender": doc.get("sender"),
		"message_id": doc.get("message_id"),
		"attachments": site.files.of(DOCTYPE, str(doc["name"])),
	}
	given: dict[str, Any] = {"cause": KIND, "started_by": user, "trigger": about, "document": doc}
	if doc.get("message_id"):  # two processes that pull one account at the same time keep a mail twice
		given["idempotency_key"] = f"{doc.get('email_account')} {doc['message_id']} {trigger.position}"

	def holds() -> bool:
		is_wanted = starting.condition_holds(site, definition, trigger, doc, about, user, at)
		return is_wanted and _is_heard(site, workflow, sender)

	return starting.start_or_fail(site, site.database, workflow, version, at, holds=holds, **given)


def _is_heard(site: Site, workflow: str, sender: str) -> bool:
	"""Whether a sender and the site do not seem to answer each other without an end."""
	if site.cache.tally(f"mails {workflow} {sender.lower()}", HOUR) <= MOST:
		return True
	if site.people.mails_sent_to(sender, HOUR) < MOST:
		return True  # they write much, and nobody here answers
	error = LimitReached(
		f"{sender} has sent more than {MOST} mails in an hour that workflow {workflow!r} was started by, and got as many from here:"
		" two programs seem to answer each other. Narrow the trigger's `if`, or do not answer this sender."
	)
	tell(site, site.database, f"workflow={workflow} mail from {sender} started nothing", error)
	return False


def _matches(pattern: str | None, value: Any) -> bool:
	"""Whether a text fits a pattern, in which `*` stands for any text, upper and lower case being the same."""
	if pattern is None:
		return True
	plain = pattern.replace("[", "[[]").replace("?", "[?]")  # they are no more than themselves here
	return re.fullmatch(translate(plain), str(value or ""), re.IGNORECASE) is not None
