"""`bench --site SITE dogansystem run --dry-run` and `test`, as a shell sees them."""

import json
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import frappe
import yaml

from dogansystem.tests import test_commands
from dogansystem.tests.contract.home import PERSON, proves, step
from dogansystem.tests.home import SiteTestCase
from dogansystem.workflows import FOLDER

WORKFLOW = "Dogan Workflow"


class TestTrying(SiteTestCase):
	has_processes = True
	write = test_commands.TestCommands.write
	words = test_commands.TestCommands.words
	command = test_commands.TestCommands.command

	def setUp(self) -> None:
		super().setUp()
		folder = tempfile.TemporaryDirectory()
		self.addCleanup(folder.cleanup)
		self.folder = Path(folder.name)

	@proves("On a bench: `bench --site SITE dogansystem status | check | import | export | run")
	@proves("On a bench: `bench --site SITE dogansystem status | check | import | export | run | test")
	def test_a_dry_run_shows_what_would_be_written_and_writes_nothing(self):
		make = step(
			"make", "document.create", params={"doctype": "ToDo", "values": {"description": "dogan tried"}}
		)
		ask = step("ok", "flow.approve", params={"to": PERSON, "subject": "May I?"})
		path = self.write("dogan-tried", make, ask)
		shown = self.command("run", path, "--dry-run").stdout
		self.assertIn("would create: ToDo", shown)
		self.assertIn("assumed for step ok: approved", shown)
		answer = 'ok={"decision": "rejected"}'
		found = json.loads(self.command("run", path, "--dry-run", "--answer", answer, "--json").stdout)
		self.assertEqual((found["status"], found["steps"][1]["branch"]), ("Succeeded", "rejected"))
		self.assertFalse(frappe.db.exists("ToDo", {"description": "dogan tried"}))
		self.assertFalse(frappe.db.exists(WORKFLOW, "dogan-tried"))

	def test_tests_of_workflows_are_played(self):
		self.write("dogan-tried", step("make", "document.create", params={"doctype": "ToDo", "values": {"description": "dogan tried"}}))  # fmt: skip
		expect = {"status": "Succeeded", "documents": [{"doctype": "ToDo", "description": "dogan *"}]}
		for name, code in (("dogan *", 0), ("other", 1)):
			expect["documents"][0]["description"] = name
			tests = {"workflow": "dogan-tried.yaml", "tests": [{"name": "makes one", "expect": expect}]}
			path = self.folder / "dogan-tried.test.yaml"
			path.write_text(yaml.safe_dump(tests))
			done = self.command("test", str(path), code=code)
			self.assertIn("1 passed" if code == 0 else "expected:", done.stdout)

	def test_what_ships_for_the_sandbox_is_left_out_and_does_not_fail(self):
		done = self.command("test", str(FOLDER))
		self.assertIn("made for the sandbox", done.stderr)
		self.assertIn("0 passed", done.stdout)
		self.assertNotIn("failed", done.stdout)

	def test_cases_of_an_agent_are_evaluated_over_the_wire_and_nothing_is_kept(self):
		self.set_settings(allow_private_network=1)
		ask = {
			"agent": "Dogan Tried",
			"prompt": "Say what it is.",
			"output": {"type": "object", "required": ["kind"]},
		}
		make = step("make", "document.create", after=["ask.answered"], params={"doctype": "ToDo", "values": {"description": "dogan tried"}})  # fmt: skip
		self.write("dogan-tried", step("ask", "agent.ask", params=ask), make)
		agent = {"doctype": "Dogan Agent", "name": "Dogan Tried", "model": "x", "user": "none@example.com"}
		(self.folder / "dogan-tried.agent.yaml").write_text(yaml.safe_dump(agent))
		cases = [
			{"name": kind, "expect": {"value": {"at": "kind", "equals": kind}}} for kind in ("lead", "noise")
		]
		path = self.folder / "dogan-tried.eval.yaml"
		path.write_text(yaml.safe_dump({"workflow": "dogan-tried.yaml", "cases": cases}))
		with speaks({"kind": "lead"}) as address:
			fields = {"provider": "openai", "model": "x", "address": address, "price_in": 2, "price_out": 10}
			frappe.get_doc({"doctype": "Dogan Model", "model_name": "contract wire", **fields}).insert()
			frappe.db.commit()
			words = ("eval", str(path), "--model", "contract wire", "--repeat", "2", "--json")
			found = json.loads(self.command(*words, code=1).stdout)
			self.command("eval", str(path), "--model", "contract wire", "--at-least", "50")
		(variant,) = found["variants"]
		# 1,000 tokens in at 2 and 100 out at 10, for a million, four times.
		self.assertEqual((variant["passed"], variant["attempts"], variant["cost"]), (2, 4, "0.012"))
		self.assertEqual(variant["results"][2]["reasons"], ["kind is lead, not noise"])
		frappe.db.rollback()
		self.assertFalse(frappe.db.exists("ToDo", {"description": "dogan tried"}))
		self.assertFalse(frappe.db.exists("Dogan Agent", "Dogan Tried"))
		self.command("eval", str(path), "--model", "contract none", code=3)


@contextmanager
def speaks(value: object) -> Iterator[str]:
	"""A server that speaks chat completions and always says the same; gives its address."""
	said = {
		"choices": [{"message": {"role": "assistant", "content": json.dumps(value)}, "finish_reason": "stop"}]
	}
	said["usage"] = {"prompt_tokens": 1000, "completion_tokens": 100}

	class Speaker(BaseHTTPRequestHandler):
		def do_POST(self) -> None:
			self.rfile.read(int(self.headers["Content-Length"]))
			body = json.dumps(said).encode()
			self.send_response(200)
			self.send_header("Content-Type", "application/json")
			self.send_header("Content-Length", str(len(body)))
			self.end_headers()
			self.wfile.write(body)

		def log_message(self, *_: object) -> None:
			"""Nothing."""

	with ThreadingHTTPServer(("127.0.0.1", 0), Speaker) as server:
		threading.Thread(target=server.serve_forever, daemon=True).start()
		try:
			yield f"http://127.0.0.1:{server.server_port}/v1"
		finally:
			server.shutdown()
