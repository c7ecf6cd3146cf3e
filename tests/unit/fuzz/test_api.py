"""What callers may give to the front door, by chance: an answer, or one of the app's own errors. And workflows by chance
that run to their end: no step ends in an error that only a programmer understands."""

from collections import Counter
from random import Random
from typing import Any

from dogansystem import Orchestrator, Sandbox
from dogansystem.engine.errors import DefinitionError, DoganError
from dogansystem.engine.states import RUN_FINISHED
from dogansystem.homes.sandbox import TestClock
from dogansystem.worker.drainer import Drainer
from tests.conftest import Tell
from tests.unit.fuzz.mutator import changed_data, odd_value
from tests.unit.fuzz.play import play

STEPS: list[dict[str, Any]] = [
	{"id": "a", "action": "data.set", "params": {"x": "{{ input }}"}},
	{"id": "b", "action": "document.create", "params": {"doctype": "Lead", "values": {"title": "x", "n": 1}}},
	{"id": "c", "action": "document.list", "params": {"doctype": "Lead", "filters": {"title": ["like", "%x"]}, "fields": ["name", "title"], "order_by": "title desc", "limit": 5}},
	{"id": "d", "action": "document.get", "params": {"doctype": "Lead", "name": "L-1"}},
	{"id": "e", "action": "document.update", "params": {"doctype": "Lead", "name": "L-1", "values": {"title": "y"}}},
	{"id": "f", "action": "document.delete", "params": {"doctype": "Lead", "name": "L-1"}},
	{"id": "g", "action": "document.comment", "params": {"doctype": "Lead", "name": "L-1", "text": "hello"}},
	{"id": "h", "action": "document.assign", "params": {"doctype": "Lead", "name": "L-1", "user": "b@example.com"}},
	{"id": "i", "action": "document.submit", "params": {"doctype": "Lead", "name": "L-1"}},
	{"id": "j", "action": "email.send", "params": {"to": ["a@example.com"], "subject": "s", "message": "m", "attachments": [{"fname": "a.txt", "fcontent": "x"}]}},
	{"id": "k", "action": "notify.user", "params": {"user": "a@example.com", "subject": "s"}},
	{"id": "l", "action": "notify.role", "params": {"role": "Sales User", "subject": "s"}},
	{"id": "m", "action": "http.request", "params": {"url": "http://127.0.0.1:1/", "method": "POST", "headers": {"X-A": "b"}, "query": {"a": [1]}, "json": {"a": 1}, "expect": "200-299"}},
	{"id": "n", "action": "method.call", "params": {"method": "shop.ping", "args": {"a": 1}}},
	{"id": "o", "action": "data.check", "params": {"that": "{{ 1 > 0 }}", "message": "no"}},
	{"id": "p", "action": "flow.wait", "params": {"for": "1s"}},
	{"id": "q", "action": "flow.wait", "params": {"until": "2025-01-01 09:00"}},
	{"id": "r", "action": "flow.stop", "params": {"status": "Succeeded", "message": "over"}},
	{"id": "s", "action": "data.set", "for_each": "{{ [1, 2] }}", "params": {"x": "{{ item }}"}, "on_error": "continue"},
]  # fmt: skip
PARAMETERS = {
	"limit": {"type": "number", "title": "Limit", "default": 1},
	"rows": {
		"type": "array",
		"items": {"type": "string", "format": "link:Lead"},
		"title": "Rows",
		"default": [],
	},
}
WORKFLOWS = [
	{"name": "wf", "run_as": "a@example.com", "steps": [step], **rest}
	for step in STEPS
	for rest in (
		{},
		{"output": {"x": f"{{{{ steps.{step['id']}.output }}}}"}},
		{"limits": {"concurrent_runs": 1, "key": "{{ input }}"}},
		{"parameters": PARAMETERS, "notify": ["a@example.com", {"role": "Sales User"}]},
	)
]
# Names of errors that only mean something to those who wrote the code.
RIDDLES = frozenset(
	"AssertionError AttributeError BufferError IndexError IntegrityError InterfaceError InternalError KeyError"
	" MemoryError NameError NotImplementedError OperationalError OverflowError ProgrammingError RecursionError"
	" RuntimeError SystemError TypeError UnicodeDecodeError UnicodeEncodeError UnicodeError ValueError ZeroDivisionError"
	" OSError Exception".split()
)


def open_sandbox() -> Sandbox:
	site = Sandbox(clock=TestClock(1_750_000_000.0), timezone="UTC")
	site.whitelist("shop.ping", lambda **given: given)
	site.load_documents([{"doctype": "Lead", "name": "L-1", "title": "x"}])
	return site


METHODS = (
	"check", "import_workflow", "export_workflow", "set_workflow_enabled", "start_run", "get_run", "list_runs",
	"pause_run", "resume_run", "cancel_run", "retry_run", "enable_agent", "disable_agent", "set_parameters", "get_parameters",
)  # fmt: skip


NAMES = ("wf", "WF", "other", "Desk", "RUN-1", "a", "limit", "rows")


def call(chance: Random) -> tuple[str, list[Any]]:
	"""A method of the front door and texts for it: names that exist, and odd ones."""

	def text() -> str:
		found = odd_value(chance) if chance.randrange(3) else chance.choice(NAMES)
		return found if isinstance(found, str) else str(found)

	method = chance.choice(METHODS)
	if method in ("check", "import_workflow"):
		return method, [chance.choice([text(), changed_data(chance, WORKFLOWS)])]
	if method == "start_run":
		return method, [
			chance.choice(["wf", text()]),
			odd_value(chance),
			text() if chance.randrange(2) else None,
		]
	if method == "set_workflow_enabled":
		return method, [text(), True]
	if method == "set_parameters":
		return method, [chance.choice(["wf", text()]), {text(): odd_value(chance)}]
	if method == "list_runs":
		return method, [text(), text(), (text(), text()), chance.randint(0, 2000)]
	if method == "retry_run":
		return method, [text(), text()]
	return method, [text()]


def test_odd_arguments_get_an_answer_or_an_error_of_the_app(tell: Tell) -> None:
	with open_sandbox() as site:
		front = Orchestrator(site)
		front.import_workflow(
			{"name": "wf", "run_as": "a@example.com", "steps": [STEPS[0]], "parameters": PARAMETERS}
		)
		front.register_agent("Desk", "a@example.com", ["mail"])
		site.database.commit()

		def ends(case: tuple[str, list[Any]]) -> str:
			method, given = case
			arguments: dict[str, Any] = {}
			if method == "start_run":
				arguments["idempotency_key"] = given.pop()
			try:
				getattr(front, method)(*given, **arguments)
			except DoganError as error:
				assert str(error)
				return "refused"
			finally:
				site.database.rollback()
			return "answered"

		counted = play(250, 10_000, call, ends)
	assert min(counted["answered"], counted["refused"]) > 20
	tell("fuzz: arguments of the front door", inputs=counted.total(), **counted)


def workflow_and_input(chance: Random) -> tuple[Any, Any]:
	"""A changed workflow; or one whose parameters come out of its input, where no check of the definition sees them."""
	if not chance.randrange(3):
		return changed_data(chance, WORKFLOWS), odd_value(chance)
	step = chance.choice(STEPS)
	given = changed_data(chance, [step["params"]])
	params = {key: f"{{{{ input[{key!r}] }}}}" for key in given} if isinstance(given, dict) else {}
	return {"name": "wf", "run_as": "a@example.com", "steps": [{**step, "params": params}]}, given


def test_workflows_by_chance_end_in_states_and_errors_that_have_names(tell: Tell) -> None:
	with open_sandbox() as site:
		front = Orchestrator(site)
		front.register_agent("Desk", "a@example.com", ["mail"])
		site.database.commit()

		def ends(case: tuple[Any, Any]) -> str:
			definition, given = case
			try:
				run = front.start_run(front.import_workflow(definition), given)
			except (DefinitionError, DoganError):
				site.database.rollback()
				return "not_started"
			site.database.commit()
			for _ in range(3):
				Drainer(site, until=lambda: True).run()
				site.database.rollback()
			found = front.get_run(run)
			for step in found["steps"]:
				kind = str(step["error"] or "").partition(":")[0]
				assert kind not in RIDDLES, step
			assert str(found["error"] or "").partition(":")[0] not in RIDDLES, found
			if found["status"] not in RUN_FINISHED:
				front.cancel_run(run)
				site.database.commit()
				return "waiting"
			return str(found["status"]).lower()

		counted: Counter[str] = play(250, 10_000, workflow_and_input, ends)
	assert min(counted["succeeded"], counted["failed"]) > 10
	tell("fuzz: workflows that run", inputs=counted.total(), **counted)
