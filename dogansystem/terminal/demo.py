"""`dogansystem demo`: the tour. Sample documents, the four workflows, agents, workers, events, and what came of it."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dogansystem.engine.states import RUN_FINISHED
from dogansystem.homes.databases.address import AddressError, SQLiteFile, parse_address
from dogansystem.homes.sandbox import Sandbox
from dogansystem.orchestrator import Orchestrator
from dogansystem.terminal import show, status
from dogansystem.terminal.ui.server import is_built
from dogansystem.worker.drainer import Drainer
from dogansystem.workflows import samples, template

SAMPLES = Path(__file__).parent / "samples.jsonl"
TOUR = ("follow-up-quotations", "leads-from-mail", "mail-invoice", "mail-quotation")
SALES, ACCOUNTS = "sales@example.com", "accounts@example.com"
AGENTS = (
	("Mail Desk", SALES, ("email",), 3),
	("Second Mail Desk", ACCOUNTS, ("email",), 2),
	("Lead Desk", SALES, ("leads",), 2),
)
# Which capability an action needs in the tour. On a site the form of the workflow says it.
CAPABILITIES = {"email.send": "email", "document.create": "leads"}
MAILS = (
	("Nadia Fern", "nadia@fern.example.com", "Do you deliver to islands?"),
	("Known Sender", "known@fern.example.com", "One more question"),
	("Piet Grove", "piet@grove.example.com", "Price list, please"),
	("Nadia Fern", "nadia@fern.example.com", "And by Friday?"),
)
RECEIVED = {
	"communication_medium": "Email", "sent_or_received": "Received", "reference_doctype": None, "reference_name": None,
}  # fmt: skip
NEXT = """
Where to look next
  {page}
  the status again      dogansystem status --db {url}
  the four workflows    dogansystem/workflows/
  more to try           examples/, each with the command that runs it
  an AI agent           {agent}
  your first workflow   docs/tutorial.md
(The command is .venv/bin/dogansystem where ./script/demo has installed it.)"""
# Its model is a script, so that it needs no network.
AGENT = "dogansystem run examples/sort-mail.yaml --doc examples/data/mail.json --documents examples/data/sort-mail.jsonl"
PAGE = "in a browser          dogansystem ui --db {url}"
NO_PAGE = "in a browser          not from this copy: `dogansystem ui` needs its page, which script/ui builds where Node is"


def run(url: str, workers: int, say: Callable[[str], None]) -> dict[str, Any]:
	"""Take the tour in a new sandbox at `url`, replacing that of an earlier tour; gives what came of it."""
	_remove_earlier(url)
	with Sandbox(url, user=SALES) as site:
		orchestrator = Orchestrator(site)
		say(
			f"A sandbox in {site.address}, with {site.load_documents(samples(SAMPLES, site.local_time(site.now()).date()))} sample documents."
		)
		_enable_workflows(site, orchestrator, say)
		for name, user, capabilities, capacity in AGENTS:
			orchestrator.register_agent(name, user, capabilities, capacity)
		site.database.commit()
		say(f"Agents: {', '.join(name for name, *_ in AGENTS)}. Workers: {workers}.\n")
		site.watch(show.Progress(site, say, names=True))
		_work(site, workers, lambda: _feed(site, orchestrator, say))
		found = _found(site, orchestrator)
		_tell(found, url, say)
		return found


def _enable_workflows(site: Sandbox, orchestrator: Orchestrator, say: Callable[[str], None]) -> None:
	for found in map(template, TOUR):
		source = dict(found.definition.source)
		source["run_as"] = SALES
		source["steps"] = [
			step | {"capability": CAPABILITIES[step["action"]]} if step["action"] in CAPABILITIES else step
			for step in source["steps"]
		]
		orchestrator.import_workflow(source)
		say(f"Enabled: {found.title} ({found.name})")
	site.database.commit()


def _feed(site: Sandbox, orchestrator: Orchestrator, say: Callable[[str], None]) -> None:
	"""A day's events: mails arrive, quotations and invoices are submitted, and a person starts the follow-up."""
	with site.acting_as(SALES):
		for name, sender, subject in MAILS:
			say(f"Mail from {sender}: {subject}")
			mail = {"sender_full_name": name, "sender": sender, "subject": subject}
			site.documents.create("Communication", RECEIVED | mail)
			site.database.commit()
	for doctype, user in (("Quotation", SALES), ("Sales Invoice", ACCOUNTS)):
		with site.acting_as(user):
			for row in site.documents.list(doctype, {"docstatus": 0}, order_by="name"):
				say(f"{user} submits {doctype} {row['name']}")
				if doctype == "Quotation":
					site.documents.update(doctype, row["name"], {"status": "Open"})
				site.documents.submit(doctype, row["name"])
				site.database.commit()
	say("Somebody starts the follow-up by hand")
	orchestrator.start_run("follow-up-quotations", cause="manual")
	site.database.commit()


def _work(site: Sandbox, workers: int, feed: Callable[[], None]) -> None:
	"""Let workers run while the events come in, until every run has ended."""
	fed = threading.Event()

	def is_finished() -> bool:
		return fed.is_set() and all(
			run["status"] in RUN_FINISHED for run in Orchestrator(site).list_runs(limit=1000)
		)

	def work() -> None:
		while not is_finished():
			Drainer(site, until=is_finished).run()

	threads = [threading.Thread(target=work, name=f"worker-{number}") for number in range(1, workers + 1)]
	for thread in threads:
		thread.start()
	try:
		feed()
	finally:
		fed.set()
		for thread in threads:
			thread.join()


def _found(site: Sandbox, orchestrator: Orchestrator) -> dict[str, Any]:
	runs = orchestrator.list_runs(limit=1000)
	outbox = site.outbox()
	with site.acting_as(SALES):
		leads = site.documents.list(
			"Lead", fields=["name", "lead_name", "first_name", "email_id"], order_by="name"
		)
	return {
		"all_succeeded": all(run["status"] == "Succeeded" for run in runs),
		"runs": runs,
		"mails": [message for message in outbox if message["kind"] == "email"],
		"notifications": [message for message in outbox if message["kind"] != "email"],
		"leads": leads,
		"status": orchestrator.get_system_status(),
	}


def _tell(found: dict[str, Any], url: str, say: Callable[[str], None]) -> None:
	say(
		f"\n{len(found['runs'])} runs, {len(found['mails'])} mails in the outbox, {len(found['leads'])} leads:"
	)
	for lead in found["leads"]:
		say(f"  {lead['name']}  {lead['email_id']}")
	for mail in found["mails"]:
		attached = f" with {mail['print']['doctype']} {mail['print']['name']}" if mail["print"] else ""
		say(f"  to {', '.join(mail['to'])}: {mail['subject']}{attached}")
	page = (PAGE if is_built() else NO_PAGE).format(url=url)
	for line in (
		"",
		*status.lines(found["status"]),
		*NEXT.format(url=url, page=page, agent=AGENT).splitlines(),
	):
		say(line)


def _remove_earlier(url: str) -> None:
	"""Begin anew: the tour is the same each time. Only a file that a tour has made is removed."""
	address = parse_address(url)
	if not isinstance(address, SQLiteFile):
		raise AddressError(
			f"The tour begins with an empty sandbox and keeps it in a file; {address} is none."
		)
	if not address.path.exists():
		return
	with Sandbox(address.path) as site:
		names = {workflow for (workflow,) in site.database.sql("SELECT name FROM `tabDogan Workflow`")}
	if names - set(TOUR):
		raise AddressError(f"{address} holds workflows of yours: name another file with --db.")
	for suffix in ("", "-wal", "-shm"):
		Path(f"{address.path}{suffix}").unlink(missing_ok=True)
