"""The command line as workflow-format.md promises it: exit codes, JSON, errors; each as a process of its own."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from dogansystem import Orchestrator, Sandbox
from dogansystem.cli import main

COMMAND = [sys.executable, "-m", "dogansystem"]
STEP_KEYS = {
	"id",
	"index",
	"status",
	"attempts",
	"agent",
	"worker",
	"started_at",
	"finished_at",
	"output",
	"error",
}
RUN_KEYS = {
	"run",
	"workflow",
	"version",
	"status",
	"input",
	"output",
	"error",
	"steps",
	"documents",
	"outbox",
}


def command(
	*arguments: object, cwd: Path | None = None, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
	words = [*COMMAND, *map(str, arguments)]
	return subprocess.run(words, capture_output=True, text=True, cwd=cwd, env=env, timeout=60, check=False)


def write(folder: Path, steps: str, name: str = "try.yaml", rest: str = "") -> Path:
	path = folder / name
	path.write_text(f"name: try\n{rest}steps:\n{steps}")
	return path


SET = "  - {id: a, action: data.set, params: {x: '{{ input.x }}'}}\n"
FAILS = "  - {id: a, action: data.check, params: {that: false, message: no luck}}\n"


@pytest.mark.contract("dogansystem check FILE…")
@pytest.mark.contract(
	"exit 0, or 2 with FILE: steps[2].after[0]: no step named 'mial' (did you mean 'mail'?)"
)
def test_check_accepts_a_good_file_and_refuses_a_bad_one_with_path_and_remedy(tmp_path):
	good = write(tmp_path, SET)
	bad = write(
		tmp_path,
		SET + "  - {id: mail, action: data.set}\n  - {id: b, action: data.set, after: [mial]}\n",
		"bad.yaml",
	)
	assert command("check", good).returncode == 0
	refused = command("check", good, bad)
	assert refused.returncode == 2
	assert f"{bad}: steps[2].after[0]: no step named 'mial' (did you mean 'mail'?)" in refused.stdout


def test_check_gives_json(tmp_path):
	found = json.loads(command("check", "--json", write(tmp_path, SET), tmp_path / "missing.yaml").stdout)
	assert [each["valid"] for each in found["files"]] == [True, False]
	assert "No such file" in found["files"][1]["errors"][0]["message"]


@pytest.mark.contract(
	"`run --json` prints one object: `run, workflow, version, status, input, output, error, steps: [{id, index, status, attempts, agent, worker, started_at, finished_at, output, error}], documents: {created: […], updated: […]}, outbox: […]`.",
	"A `for_each` step is listed once for itself",
	"Documents for `--documents` are JSON lines, each with `doctype` and `name`",
	"[--documents FILE…]",
)
def test_run_prints_one_object_with_all_that_is_promised(tmp_path):
	steps = (
		"  - {id: made, action: document.create, params: {doctype: ToDo, values: {description: hello}}}\n"
		"  - {id: changed, action: document.update, params: {doctype: ToDo, name: TODO-7, values: {status: Closed}}}\n"
		"  - {id: each, action: data.set, for_each: '{{ [1, 2] }}', params: {n: '{{ item }}'}}\n"
		"  - {id: mail, action: email.send, params: {to: a@example.com, subject: Hi, message: there}}\n"
	)
	documents = tmp_path / "documents.jsonl"
	documents.write_text('{"doctype": "ToDo", "name": "TODO-7", "status": "Open"}\n')
	done = command(
		"run",
		write(tmp_path, steps, rest="output: {n: '{{ steps.each.output | length }}'}\n"),
		"--documents",
		documents,
		"--json",
	)
	assert done.returncode == 0, done.stderr
	run = json.loads(done.stdout)
	assert run.keys() >= RUN_KEYS
	assert all(step.keys() >= STEP_KEYS for step in run["steps"])
	assert (run["status"], run["output"], run["version"]) == ("Succeeded", {"n": 2}, 1)
	assert [(step["id"], step["index"]) for step in run["steps"]] == [
		("made", None), ("changed", None), ("each", None), ("each", 0), ("each", 1), ("mail", None),
	]  # fmt: skip
	assert [each["description"] for each in run["documents"]["created"]] == ["hello"]
	assert [(each["name"], each["status"]) for each in run["documents"]["updated"]] == [("TODO-7", "Closed")]
	assert [each["to"] for each in run["outbox"]] == [["a@example.com"]]


@pytest.mark.contract(
	"`--doc` is one such document, which the run has as `doc`.",
	"[--doc FILE]",
)
def test_run_has_the_document_it_is_about(tmp_path):
	doc = tmp_path / "doc.json"
	doc.write_text('{"doctype": "Lead", "name": "L-1", "email_id": "l@example.com"}')
	steps = "  - {id: a, action: data.set, params: {to: '{{ doc.email_id }}'}}\n"
	run = json.loads(command("run", write(tmp_path, steps), "--doc", doc, "--json").stdout)
	assert run["steps"][0]["output"] == {"to": "l@example.com"}
	assert run["document"] == {"doctype": "Lead", "name": "L-1"}


@pytest.mark.contract("1 Failed or Cancelled")
def test_a_failed_run_exits_with_1_and_says_why(tmp_path):
	done = command("run", write(tmp_path, FAILS))
	assert done.returncode == 1
	assert "CheckFailed: no luck" in done.stdout


@pytest.mark.parametrize(
	("arguments", "message"),
	[
		(["--input", "{no"], "--input: not JSON"),
		(["--input", '{"x": "text"}'], "input.x"),
		(["--input", "@missing.json"], "missing.json: cannot be read"),
		(["--doc", "missing.json"], "missing.json: cannot be read"),
		(["--documents", "bad.jsonl"], "bad.jsonl, line 2: the document has no 'name'"),
		(["--input", '{"x": NaN}'], "--input: not JSON: NaN"),
		(["--input", '{"x": [1e999]}'], "--input: x[0]: the number is larger"),
		(["--input", '{"x": {"y": "\\ud800"}}'], "--input: x.y: a text holds half of a character"),
		(["--input", "@deep.json"], "deep.json: lists and mappings lie more than 100 deep"),
		(["--doc", "long.json"], "long.json: X: the name"),
		(["--doc", "/dev/zero"], "/dev/zero: larger than"),
		(["--documents", "/dev/zero"], "/dev/zero: a line is longer than"),
	],
)
@pytest.mark.contract(
	"2 not a valid definition or input",
	"[--input JSON]",
)
def test_input_that_is_not_valid_exits_with_2_and_names_it(tmp_path, arguments, message):
	(tmp_path / "bad.jsonl").write_text('{"doctype": "ToDo", "name": "1"}\n{"doctype": "ToDo"}\n')
	(tmp_path / "deep.json").write_text("[" * 100_000 + "]" * 100_000)
	(tmp_path / "long.json").write_text(json.dumps({"doctype": "X", "name": "n" * 141}))
	schema = "input: {type: object, properties: {x: {type: integer}}}\n"
	done = command("run", write(tmp_path, SET, rest=schema), *arguments, cwd=tmp_path)
	assert (done.returncode, message in done.stderr) == (2, True), done.stderr


@pytest.mark.parametrize(
	"arguments", [["run", "--json"], ["nonsense", "--json"], ["run", "x", "--json", "--no"]]
)
def test_wrong_usage_is_told_as_json_where_json_was_asked_for(arguments):
	done = command(*arguments)
	assert (done.returncode, json.loads(done.stdout)["problems"]) == (2, [])


def test_output_that_cannot_be_written_ends_with_a_message(tmp_path):
	with open("/dev/full", "w") as full:
		done = subprocess.run(
			[*COMMAND, "run", str(write(tmp_path, SET)), "--input", '{"x": 1}', "--json"],
			stdout=full,
			stderr=subprocess.PIPE,
			text=True,
			timeout=60,
			check=False,
		)
	assert done.returncode == 3
	assert "The output cannot be written: No space left on device." in done.stderr
	assert "Traceback" not in done.stderr


def test_text_that_the_terminal_cannot_show_is_shown_as_escapes(tmp_path):
	path = write(
		tmp_path, "  - {id: a, action: data.check, params: {that: false, message: '{{ input.x }}'}}\n"
	)
	arguments = ["run", path, "--input", '{"x": "\\u001b[31mgüle\\u009b2J"}']
	for encoding in ("utf-8", "ascii"):
		env = {**os.environ, "LC_ALL": "C", "PYTHONIOENCODING": encoding}
		done = command(*arguments, env=env)
		assert (done.returncode, "Traceback" in done.stderr) == (1, False)
		assert "\\x1b[31mg" in done.stdout
		assert not set("\x1b\x9b") & set(done.stdout + done.stderr)
		found = json.loads(command(*arguments, "--json", env=env).stdout)
		assert found["input"]["x"] == "\x1b[31mgüle\x9b2J"


@pytest.mark.parametrize("is_kept", [True, False])
def test_a_run_that_is_interrupted_offers_its_file_only_if_that_is_kept(tmp_path, is_kept):
	path = write(tmp_path, "  - {id: a, action: flow.wait, params: {for: 1h}}\n")
	kept = ["--db", str(tmp_path / "kept.db")] if is_kept else []
	running = subprocess.Popen(
		[*COMMAND, "run", str(path), *kept],
		stderr=subprocess.PIPE,
		text=True,
		preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
	)
	assert "Waiting" in running.stderr.readline()
	running.send_signal(signal.SIGINT)
	told = running.communicate(timeout=30)[1]
	assert running.returncode == 130
	assert ("goes on with: dogansystem serve" in told) is is_kept


def test_verbose_tells_on_standard_error_and_leaves_json_clean(tmp_path):
	path = write(tmp_path, FAILS)
	quiet, verbose = command("run", path, "--json"), command("run", path, "--json", "--verbose")
	assert json.loads(verbose.stdout)["status"] == "Failed"
	for event in ("run.start", "step.start", "step.failed", "run.end"):
		assert re.search(rf"^\S+ \S+ (DEBUG|INFO|WARNING) {event} .*run=", verbose.stderr, re.MULTILINE), (
			event
		)
	assert quiet.stderr == ""


def test_a_definition_that_is_not_valid_stores_nothing(tmp_path):
	database = tmp_path / "kept.db"
	done = command("run", write(tmp_path, "  - {id: a, action: data.sett}\n"), "--db", database, "--json")
	assert done.returncode == 2
	assert json.loads(done.stdout)["problems"][0]["path"] == "steps[0].action"
	assert not database.exists()


@pytest.mark.parametrize(
	"url", ["mariadb://nobody@127.0.0.1:1/none", "/no/such/folder/x.db", "oracle://x", "not-a.db"]
)
@pytest.mark.contract("3 could not start")
def test_a_database_that_cannot_be_used_exits_with_3(tmp_path, url):
	(tmp_path / "not-a.db").write_text("this is no database")
	done = command("run", write(tmp_path, SET), "--input", '{"x": 1}', "--db", url, cwd=tmp_path)
	assert done.returncode == 3, done.stderr
	assert "Traceback" not in done.stderr


@pytest.mark.contract("[--dry-run]")
def test_a_dry_run_leaves_the_database_as_it_was_and_sends_nothing(tmp_path):
	database = tmp_path / "kept.db"
	with Sandbox(database) as site:
		site.load_documents([{"doctype": "ToDo", "name": "T-1", "status": "Open"}])
	steps = (
		"  - {id: a, action: document.update, params: {doctype: ToDo, name: T-1, values: {status: Closed}}}\n"
		"  - {id: b, action: http.request, params: {url: 'http://127.0.0.1:9/'}}\n"
	)
	done = command("run", write(tmp_path, steps), "--db", database, "--dry-run", "--json")
	run = json.loads(done.stdout)
	assert (done.returncode, run["status"]) == (0, "Succeeded")
	assert run["documents"]["updated"][0]["status"] == "Closed"
	assert [(each["request"], each["stand_in"]) for each in run["requests"]] == [
		("GET http://127.0.0.1:9/", True)
	]
	with Sandbox(database) as site:
		assert Orchestrator(site).list_runs() == []
		assert site.documents.get("ToDo", "T-1")["status"] == "Open"


class Slow(BaseHTTPRequestHandler):
	def do_GET(self):
		time.sleep(3)
		self.send_response(200)
		self.end_headers()

	def log_message(self, *_):
		pass


def test_an_attempt_over_its_timeout_fails_with_timeout(tmp_path):
	server = ThreadingHTTPServer(("127.0.0.1", 0), Slow)
	threading.Thread(target=server.serve_forever, daemon=True).start()
	steps = f"  - {{id: a, action: http.request, timeout: 1s, params: {{url: 'http://127.0.0.1:{server.server_port}/'}}}}\n"
	path = write(tmp_path, steps)
	done = command("run", path, "--allow-private-network", "--json")
	server.shutdown()
	server.server_close()
	run = json.loads(done.stdout)
	assert (done.returncode, run["status"]) == (1, "Failed")
	assert run["error"].startswith("Timeout")
	refused = json.loads(command("run", path, "--json").stdout)
	assert "allow" in refused["error"]


def test_a_step_that_names_an_agent_has_one_in_the_sandbox(tmp_path):
	steps = (
		"  - {id: a, action: data.set, agent: Sales Desk}\n  - {id: b, action: data.set, capability: email}\n"
	)
	run = json.loads(command("run", write(tmp_path, steps), "--json").stdout)
	assert [step["agent"] for step in run["steps"]] == ["Sales Desk", "Agent for email"]


@pytest.mark.contract(
	"dogansystem serve --db URL --workers N",
	"dogansystem status [--db URL]",
)
@pytest.mark.contract("workers and clock until stopped")
def test_serve_works_until_it_is_told_to_stop_and_status_counts(tmp_path):
	database = tmp_path / "served.db"
	server = subprocess.Popen(
		[*COMMAND, "serve", "--db", str(database), "--workers", "2"], stdout=subprocess.PIPE, text=True
	)
	try:
		assert "2 workers" in server.stdout.readline()
		with Sandbox(database) as site:
			orchestrator = Orchestrator(site)
			orchestrator.import_workflow({"name": "served", "steps": [{"id": "a", "action": "data.set"}]})
			runs = [orchestrator.start_run("served") for _ in range(10)]
			site.database.commit()
			deadline = time.monotonic() + 30
			while any(orchestrator.get_run(run)["status"] != "Succeeded" for run in runs):
				assert time.monotonic() < deadline
				time.sleep(0.05)
		status = json.loads(command("status", "--db", database, "--json").stdout)
		assert (status["workflows"]["total"], status["agents"]["total"]) == (1, 0)
		assert status["runs"]["Succeeded"] == 10
		assert status["workers"]["alive"] == 2
	finally:
		server.send_signal(signal.SIGTERM)
		rest = server.communicate(timeout=30)[0]
	assert server.returncode == 0
	assert "Stopping" in rest
	assert json.loads(command("status", "--db", database, "--json").stdout)["workers"]["alive"] == 0


def test_status_is_watched_until_ctrl_c_and_shows_what_changes(tmp_path):
	database = tmp_path / "watched.db"
	with Sandbox(database) as site:
		orchestrator = Orchestrator(site)
		orchestrator.import_workflow({"name": "watched", "steps": [{"id": "a", "action": "data.set"}]})
		site.database.commit()
		watching = subprocess.Popen(
			[*COMMAND, "status", "--db", str(database), "--watch", "--json"],
			stdout=subprocess.PIPE,
			stderr=subprocess.PIPE,
			text=True,
			preexec_fn=lambda: signal.signal(
				signal.SIGINT, signal.SIG_DFL
			),  # a shell's background job ignores it
		)
		try:
			first = json.loads(watching.stdout.readline())
			orchestrator.start_run("watched")
			site.database.commit()
			later = [json.loads(watching.stdout.readline()) for _ in range(2)][-1]
		finally:
			watching.send_signal(signal.SIGINT)
			errors = watching.communicate(timeout=30)[1]
	assert (watching.returncode, errors.strip()) == (0, "")
	assert [found["runs"]["total"] for found in (first, later)] == [0, 1]
	assert later["time"] > first["time"]


def test_status_shows_nodes_throughput_and_times(tmp_path):
	path = write(tmp_path, SET)
	command("run", path, "--input", '{"x": 1}', "--db", tmp_path / "shown.db")
	shown = command("status", "--db", tmp_path / "shown.db").stdout
	assert re.search(
		r"^Last minute +1 steps, 0\.017/s, waited p50 .+ p95 .+, took p50 .+ p95 ", shown, re.MULTILINE
	)
	assert re.search(r"^Oldest ready +nothing waits$", shown, re.MULTILINE)


def test_status_of_a_sandbox_that_is_not_there_says_what_to_do(tmp_path):
	done = command("status", cwd=tmp_path)
	assert done.returncode == 3
	assert "dogansystem demo" in done.stderr


@pytest.mark.contract("dogansystem demo")
def test_the_tour_ends_with_everything_done(tmp_path):
	done = command("demo", "--json", cwd=tmp_path)
	assert done.returncode == 0, done.stderr
	found = json.loads(done.stdout)
	assert {run["status"] for run in found["runs"]} == {"Succeeded"}
	assert {run["workflow"] for run in found["runs"]} == {
		"leads-from-mail", "mail-quotation", "mail-invoice", "follow-up-quotations",
	}  # fmt: skip
	assert len(found["leads"]) == 3
	assert found["status"]["agents"]["total"] == 3
	assert len(found["mails"]) == 4 + 3 + 2
	again = command("demo", cwd=tmp_path)
	assert again.returncode == 0
	assert "Where to look next" in again.stdout
	(named,) = (
		line.split("dogansystem ", 1)[1] for line in again.stdout.splitlines() if "examples/sort-mail" in line
	)
	checkout = Path(__file__).parents[3]
	asked = command(*named.split(), cwd=checkout)
	assert asked.returncode == 0, asked.stderr
	assert "sort asked Mail Sorter: Answered" in asked.stdout
	found = json.loads(command(*named.split(), "--json", cwd=checkout).stdout)
	(ask,) = next(each["asks"] for each in found["steps"] if each["id"] == "sort")
	assert [call["tool"] for turn in ask["turns"] for call in turn["calls"]] == ["document_list"]


def test_the_tour_does_not_overwrite_a_sandbox_with_other_workflows(tmp_path):
	with Sandbox(tmp_path / "mine.db") as site:
		Orchestrator(site).import_workflow({"name": "mine", "steps": [{"id": "a", "action": "data.set"}]})
		site.database.commit()
	done = command("demo", "--db", tmp_path / "mine.db")
	assert done.returncode == 3
	assert "workflows of yours" in done.stderr


ASKS = """parameters:
  limit: {type: number, title: Ask above this amount, default: 10000}
  approver: {type: string, format: user, title: Who approves}
"""
SHOWS = "  - {id: a, action: data.set, params: {limit: '{{ parameters.limit }}', who: '{{ parameters.approver }}'}}\n"


@pytest.mark.contract("In the sandbox: `--set limit=5000`.")
@pytest.mark.contract(
	"[--set NAME=VALUE…]",
	"[--db URL]",
)
def test_run_sets_parameters_and_a_kept_sandbox_keeps_them(tmp_path):
	path, url = write(tmp_path, SHOWS, rest=ASKS), tmp_path / "kept.db"
	given = ("--set", "limit=5000", "--set", "approver=cfo@example.com")
	done = command("run", path, "--db", url, *given, "--json")
	assert done.returncode == 0, done.stderr
	run = json.loads(done.stdout)
	assert run["steps"][0]["output"] == {"limit": 5000, "who": "cfo@example.com"}
	assert run["parameters"] == {"limit": 5000, "approver": "cfo@example.com"}
	again = json.loads(command("run", path, "--db", url, "--json").stdout)
	assert (again["version"], again["parameters"]) == (1, run["parameters"])
	shown = command("parameters", "try", "--db", url, "--set", "limit=null").stdout
	assert shown.splitlines() == [
		'approver = "cfo@example.com" (Who approves)',
		"limit = 10000 (Ask above this amount, the default)",
	]


@pytest.mark.parametrize(
	("given", "told"),
	[
		((), "parameters.approver (Who approves): has no value; set one, or give its schema a default"),
		(("approver=a", "lmit=1"), "no parameter named 'lmit' (did you mean 'limit'?)"),
		(
			("approver=a", "limit=many"),
			"parameters.limit (Ask above this amount): must be a number, not text",
		),
		(("approver",), "'approver' sets nothing: write NAME=VALUE, such as limit=5000."),
	],
)
def test_a_parameter_that_is_missing_unknown_or_wrong_is_exit_code_2(tmp_path, given, told):
	path = write(tmp_path, SHOWS, rest=ASKS)
	done = command("run", path, *[word for each in given for word in ("--set", each)])
	assert (done.returncode, done.stdout) == (2, "")
	assert told in done.stderr


def test_a_parameter_names_who_is_among_the_documents_where_there_are_such(tmp_path):
	path, users = write(tmp_path, SHOWS, rest=ASKS), tmp_path / "users.jsonl"
	users.write_text(
		'{"doctype": "User", "name": "cfo@example.com"}\n{"doctype": "User", "name": "old@example.com", "enabled": 0}\n'
	)
	for who, code in (("cfo@example.com", 0), ("cof@example.com", 2), ("old@example.com", 2)):
		done = command("run", path, "--documents", users, "--set", f"approver={who}")
		assert done.returncode == code, done.stderr
		assert code == 0 or f"there is no User '{who}'" in done.stderr


@pytest.mark.contract("`pip install .` gives the command `dogansystem` (the sandbox; no bench needed).")
def test_the_package_gives_the_command_without_a_bench(tmp_path):
	(script,) = entry_points(group="console_scripts", name="dogansystem")
	assert script.load() is main
	used = (
		"import sys, dogansystem.cli; print([name for name in sys.modules if name.split('.')[0] == 'frappe'])"
	)
	done = subprocess.run(
		[sys.executable, "-c", used], capture_output=True, text=True, timeout=60, check=True
	)
	assert done.stdout.strip() == "[]"


@pytest.mark.contract("Every command takes `--json`.")
@pytest.mark.parametrize("name", sorted(main.commands))
def test_every_command_takes_json(name):
	options = [option for each in main.commands[name].params for option in each.opts]
	assert "--json" in options
