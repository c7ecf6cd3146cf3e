"""Every example runs, by the command that stands in its second line, to the end its author expects."""

import json
import re
import shlex
import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from dogansystem import Orchestrator, Sandbox
from dogansystem.cli import main
from dogansystem.worker.drainer import Drainer

ROOT = Path(__file__).parents[3]
EXAMPLES = [path for path in sorted((ROOT / "examples").glob("*.yaml")) if not path.stem.endswith(".test")]
Run = Mapping[str, Any]


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch: pytest.MonkeyPatch):
	monkeypatch.chdir(ROOT)


def command_of(example: Path) -> list[str]:
	"""The words behind `# Run it: dogansystem`."""
	found = re.search(r"^# Run it: dogansystem (run .*)$", example.read_text(), re.MULTILINE)
	assert found, f"{example.name} does not say how to run it"
	return shlex.split(found[1])


def run(example: str, change: Callable[[list[str]], list[str]] = list) -> Run:
	"""What the example's command prints with --json; `change` changes its words."""
	words = change(command_of(ROOT / "examples" / f"{example}.yaml"))
	result = CliRunner().invoke(main, [*words, "--json"])
	assert result.exit_code == 0, result.output
	return json.loads(result.stdout)


def states(found: Run) -> dict[str, str]:
	return {step["id"]: step["status"] for step in found["steps"] if step["index"] is None}


def sent(found: Run) -> list[tuple[str, str]]:
	return sorted((message["to"][0], message["subject"]) for message in found["outbox"])


def item_states(found: Run, step: str) -> list[str]:
	return [each["status"] for each in found["steps"] if each["id"] == step and each["index"] is not None]


def documents(file: str) -> list[dict[str, Any]]:
	return [json.loads(line) for line in (ROOT / "examples" / "data" / file).read_text().splitlines()]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_passes_the_check_and_names_its_own_file(example: Path):
	result = CliRunner().invoke(main, ["check", "--json", str(example)])
	(found,) = json.loads(result.stdout)["files"]
	assert (result.exit_code, found["errors"], found["workflow"]) == (0, [], example.stem)
	assert command_of(example)[1] == str(example.relative_to(ROOT))


def test_every_example_has_a_test_that_runs_it():
	tested = set(re.findall(r'run\("([a-z-]+)"', Path(__file__).read_text()))
	assert tested == {example.stem for example in EXAMPLES}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_the_tests_beside_an_example_pass(example: Path):
	test = example.with_suffix(".test.yaml")
	result = CliRunner().invoke(main, ["test", str(test)])
	assert result.exit_code == 0, result.output


def test_an_order_is_released_when_little_is_owed_and_all_is_in_stock():
	found = run("check-order")
	assert found["output"] == {"owed": 250.0, "released": True}
	assert (states(found)["hold"], states(found)["release"]) == ("Skipped", "Succeeded")
	assert sent(found) == [("ayse@example.com", "SO-0001 is released")]


def test_an_order_is_put_on_hold_when_something_is_not_in_stock(tmp_path: Path):
	less = tmp_path / "less.jsonl"
	less.write_text(
		"".join(f"{json.dumps(each | {'actual_qty': 0})}\n" for each in documents("check-order.jsonl"))
	)
	found = run(
		"check-order", lambda words: [str(less) if word.endswith(".jsonl") else word for word in words]
	)
	assert found["output"]["released"] is False
	assert [each["content"] for each in found["documents"]["created"]] == ["On hold: Acme Ltd owes 250.0."]
	assert sent(found) == [("ayse@example.com", "SO-0001 is on hold")]


def test_one_bad_address_does_not_keep_the_other_reminders_from_going_out():
	found = run("remind-overdue")
	assert found["output"] == {"overdue": 4, "sent": 2, "failed": 1}
	assert item_states(found, "mail") == ["Succeeded", "Failed", "Skipped", "Succeeded"]
	assert sent(found) == [
		("deniz@example.com", "Invoice INV-0014 is overdue"),
		("kerem@example.com", "Invoice INV-0011 is overdue"),
		("zeynep@example.com", "1 of 4 reminders could not be sent"),
	]


class Flaky(BaseHTTPRequestHandler):
	"""Answers 503 a few times, then 200."""

	refusals = 0

	def do_GET(self):
		refuses = type(self).refusals > 0
		type(self).refusals -= 1
		body = b"{}" if refuses else b'{"EUR": 1.1}'
		self.send_response(503 if refuses else 200)
		self.send_header("Content-Type", "application/json")
		self.send_header("Content-Length", str(len(body)))
		self.end_headers()
		self.wfile.write(body)

	def log_message(self, *arguments: Any):
		pass


@pytest.fixture
def server() -> Iterator[str]:
	with HTTPServer(("127.0.0.1", 0), Flaky) as listening:
		thread = threading.Thread(target=listening.serve_forever)
		thread.start()
		yield f"http://127.0.0.1:{listening.server_port}/"
		listening.shutdown()
		thread.join()


def asking(url: str) -> Callable[[list[str]], list[str]]:
	"""Change the command so that it asks a server on this machine."""
	return lambda words: [*words[:2], "--input", json.dumps({"url": url}), "--allow-private-network"]


def test_rates_are_fetched_in_the_end_when_the_server_is_busy_at_first(
	server: str, monkeypatch: pytest.MonkeyPatch
):
	monkeypatch.setattr(Flaky, "refusals", 2)
	found = run("fetch-rates", asking(server))
	assert found["output"] == {"fetched": True, "error": None}
	assert [step["attempts"] for step in found["steps"] if step["id"] == "fetch"] == [3]
	assert states(found)["tell"] == "Skipped"


def test_the_failure_is_handled_when_there_are_no_rates():
	found = run("fetch-rates", asking("ftp://example.com/"))
	assert found["output"]["error"].startswith("ValidationError: params.url")
	assert (states(found)["fetch"], states(found)["keep"], states(found)["tell"]) == (
		"Failed",
		"Skipped",
		"Succeeded",
	)


def test_each_person_gets_one_digest():
	found = run("daily-digest")
	assert found["output"] == {"people": 2, "tasks": 3}
	assert sent(found) == [("ayse@example.com", "2 open tasks"), ("deniz@example.com", "1 open task")]


def test_a_digest_of_nothing_ends_early():
	found = run("daily-digest", lambda words: words[:2])
	assert (found["status"], states(found)["nothing"], states(found)["digest"]) == (
		"Succeeded",
		"Succeeded",
		"Cancelled",
	)


def test_an_invoice_that_stays_unpaid_is_reminded_of_after_the_wait():
	found = run("wait-for-payment")
	assert list(states(found).values()) == ["Succeeded", "Succeeded", "Skipped", "Succeeded"]
	assert sent(found) == [("kerem@example.com", "Invoice INV-0021 is still open")]


def test_an_invoice_that_was_paid_meanwhile_is_left_alone(tmp_path: Path):
	paid = tmp_path / "paid.json"
	paid.write_text(
		json.dumps(json.loads(Path("examples/data/invoice.json").read_text()) | {"outstanding_amount": 0})
	)
	found = run(
		"wait-for-payment",
		lambda words: [str(paid) if word.endswith("invoice.json") else word for word in words],
	)
	assert (found["status"], states(found)["remind"], found["outbox"]) == ("Succeeded", "Cancelled", [])


def test_an_order_is_booked_against_the_credit():
	found = run("book-credit")
	assert [(each["name"], each["credit_used"]) for each in found["documents"]["updated"]] == [
		("Acme Ltd", 500.0)
	]


def test_orders_of_one_customer_are_booked_one_after_another():
	with Sandbox() as site:
		site.load_documents(documents("book-credit.jsonl"))
		orchestrator = Orchestrator(site)
		orchestrator.import_workflow((ROOT / "examples" / "book-credit.yaml").read_text())
		for number in range(1, 7):
			customer = "Globex" if number == 6 else "Acme Ltd"
			site.documents.create(
				"Sales Order",
				{"name": f"SO-{number}", "customer": customer, "grand_total": 200.0, "docstatus": 1},
			)
		site.database.commit()

		workers = [threading.Thread(target=lambda: Drainer(site, until=lambda: True).run()) for _ in range(4)]
		for worker in workers:
			worker.start()
		for worker in workers:
			worker.join()
		Drainer(site, until=lambda: True).run()

		used = {
			each["name"]: each["credit_used"]
			for each in site.documents.list("Customer", fields=["name", "credit_used"])
		}
		notes = site.documents.list("Comment", fields=["content"])
		assert used == {"Acme Ltd": 900.0, "Globex": 200.0}
		assert [note["content"] for note in notes] == [
			"CheckFailed: SO-5 is over the credit limit of Acme Ltd"
		]


def test_leads_are_written_to_by_agents_and_marked():
	found = run("share-leads")
	assert sorted(found["output"]) == ["LEAD-1", "LEAD-2", "LEAD-4"]
	assert {step["agent"] for step in found["steps"] if step["index"] is not None} == {
		"Agent for email",
		"Sales Desk",
	}
	assert {each["status"] for each in found["documents"]["updated"]} == {"Open"}


def test_leads_are_shared_between_agents_who_can_write_mails():
	with Sandbox() as site:
		site.load_documents(documents("share-leads.jsonl"))
		orchestrator = Orchestrator(site)
		orchestrator.import_workflow((ROOT / "examples" / "share-leads.yaml").read_text())
		orchestrator.register_agent("Sales Desk", "ayse@example.com", ["email"])
		orchestrator.register_agent("Second Desk", "deniz@example.com", ["email"])
		run = orchestrator.start_run("share-leads")
		site.database.commit()
		Drainer(site, until=lambda: True).run()
		assert orchestrator.get_run(run)["status"] == "Succeeded"
		assert {mail["sender"] for mail in site.outbox()} == {"ayse@example.com", "deniz@example.com"}


def test_a_new_customer_is_welcomed_by_their_account_manager():
	found = run("welcome-customer")
	created = {each["doctype"]: each for each in found["documents"]["created"]}
	assert created["ToDo"]["allocated_to"] == "deniz@example.com"
	assert created["Event"]["owner"] == "sales@example.com"
	mail = found["outbox"][0]
	assert (mail["to"], mail["message"]) == (
		["gavin@example.com"],
		"Dear Hooli, deniz@example.com will call you soon.",
	)


def answering(**data: object) -> Callable[[list[str]], list[str]]:
	"""Change the command so that the signal says something else; without `data` there is none."""
	signal = {"name": "offer-answered", "key": "SAL-QTN-0021", "after": "2d", "data": data}
	return lambda words: [
		*words[: words.index("--signal")],
		*(["--signal", json.dumps(signal)] if data else []),
	]


def test_an_offer_that_is_accepted_becomes_an_order():
	found = run("follow-offer")
	expected = {"size": "Succeeded", "call": "Skipped", "write": "Succeeded", "answer": "Succeeded", "order": "Succeeded", "regret": "Skipped", "ask": "Skipped"}  # fmt: skip
	assert states(found) == expected
	assert sent(found) == [("kerem@example.com", "Our offer SAL-QTN-0021 of 2,400.00 EUR")]
	assert [each["doctype"] for each in found["documents"]["created"]] == ["Sales Order"]


def test_an_offer_that_is_declined_or_not_answered_becomes_none():
	declined = run("follow-offer", answering(accepted=False, reason="too late"))
	assert [each["content"] for each in declined["documents"]["created"]] == ["Declined: too late"]
	silent = run("follow-offer", answering())
	assert (silent["output"], sent(silent)[0]) == ({"answered": False}, ("ayse@example.com", "Acme Ltd has not answered SAL-QTN-0021"))  # fmt: skip


def test_a_large_offer_is_called(tmp_path: Path):
	large = tmp_path / "large.json"
	large.write_text(
		json.dumps(json.loads(Path("examples/data/offer.json").read_text()) | {"grand_total": 20000})
	)
	found = run(
		"follow-offer", lambda words: [str(large) if word.endswith("offer.json") else word for word in words]
	)
	assert (states(found)["call"], states(found)["write"]) == ("Succeeded", "Skipped")


def test_a_delivery_is_booked_or_nothing_of_it(tmp_path: Path):
	found = run("book-delivery")
	assert [each["credit_used"] for each in found["documents"]["updated"]] == [500.0]
	assert [each["doctype"] for each in found["documents"]["created"]] == ["Event"]

	nobody = tmp_path / "nobody.jsonl"
	nobody.write_text(json.dumps(documents("book-delivery.jsonl")[0]))
	words = [
		str(nobody) if word.endswith(".jsonl") else word
		for word in command_of(ROOT / "examples" / "book-delivery.yaml")
	]
	result = CliRunner().invoke(main, [*words, "--json"])
	undone = json.loads(result.stdout)
	assert (result.exit_code, undone["status"], undone["error"]) == (
		1,
		"Failed",
		"CheckFailed: Nobody can deliver SO-0031",
	)
	assert (states(undone)["slot"], states(undone)["book"]) == ("Compensated", "Compensated")
	assert [each["credit_used"] for each in undone["documents"]["updated"]] == [100.0]
	assert undone["documents"]["created"] == []


def test_a_mail_is_sorted_by_an_agent_that_looks_the_sender_up():
	found = run("sort-mail")
	sort = next(step for step in found["steps"] if step["id"] == "sort")
	assert [call["tool"] for call in sort["output"]["calls"]] == ["document_list"]
	assert (sort["agent"], sort["branch"], found["output"]["kind"]) == ("Mail Sorter", "answered", "lead")
	assert [lead["email_id"] for lead in found["documents"]["created"]] == ["nadia@fern.example.com"]
