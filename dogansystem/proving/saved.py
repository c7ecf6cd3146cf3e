"""A run, real or dry, as a test: what it was given, what it came to, and nothing that the next run would not have again.

Names that were made, times, and other ids are loosened: a `*` stands in their place, or the field is left out.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dogansystem.engine.definition import ASKING, Definition
from dogansystem.engine.definitions.yaml_text import to_yaml
from dogansystem.engine.signals import RECEIVED
from dogansystem.engine.states import RUN_FINISHED
from dogansystem.proving.cases import HTTP
from dogansystem.proving.changed import EMPTY, UNSAID

# A moment; a day alone is as the test's clock has it. Then what a machine has made: a hash, a UUID.
_MOMENT = r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?"
_ID = r"\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{10,}\b|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"
_CHANGING = re.compile(f"{_MOMENT}|{_ID}")
_EPOCH = 1_000_000_000  # a number from here on may be a moment
MESSAGE_KEYS = ("kind", "to", "cc", "subject", "message")


@dataclass(frozen=True, slots=True)
class Began:
	"""What a run began with, beside its report.

	Attributes:
		now: the clock's moment, `2026-01-05 09:00`.
		documents: those that were there before.
		start, parameters, signals: as a test has them.
		on_site: where the test is played, Frappe fills in the real day by itself.
	"""

	now: str
	documents: Sequence[Mapping[str, Any]] = ()
	start: Mapping[str, Any] = field(default_factory=dict)
	parameters: Mapping[str, Any] = field(default_factory=dict)
	signals: Sequence[Mapping[str, Any]] = ()
	on_site: bool = False


def as_file(name: str, file: str, definition: Definition, run: Mapping[str, Any], began: Began) -> str:
	"""The text of a `*.test.yaml` with one test; `file` is the definition's name beside it.

	`run` is as `run --json` prints one, or the report of a dry run.
	"""
	return to_yaml({"workflow": file, "tests": [as_test(name, definition, run, began)]})


def as_test(name: str, definition: Definition, run: Mapping[str, Any], began: Began) -> dict[str, Any]:
	"""The test, as plain data."""
	loose = Loosened({*_made(run, began), *({began.now[:10]} if began.on_site else ())})
	found: dict[str, Any] = {
		"name": name,
		"now": began.now[:16],
		"documents": [_given(each) for each in began.documents],
		"start": dict(began.start),
		"parameters": dict(began.parameters),
		"answers": {**_decisions(definition, run), **_responses(run)},
		"signals": [*began.signals, *_assumed_signals(run)],
	}
	return {key: value for key, value in found.items() if value} | {"expect": _expect(run, loose)}


def read_before(run: Mapping[str, Any]) -> list[dict[str, Any]]:
	"""The documents that a dry run has found on a site, as far as it tells: those that it would change, and those that its steps
	have read."""
	found: dict[tuple[str, str], dict[str, Any]] = {}
	for each in (*run["before"], *_read(run)):
		key = (str(each["doctype"]), str(each["name"]))
		found[key] = {**each, **found.get(key, {})}
	made = {(each["doctype"], each["name"]) for each in run["documents"]["created"]}
	return [each for key, each in found.items() if key not in made]


def _read(run: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
	for each in run["steps"]:
		doctype, output = (each["params"] or {}).get("doctype"), each["output"]
		if each["action"] == "document.get" and isinstance(output, Mapping) and "name" in output:
			yield {**output, "doctype": doctype}
		elif each["action"] == "document.list" and isinstance(output, list):
			yield from (
				{**row, "doctype": doctype} for row in output if isinstance(row, Mapping) and "name" in row
			)


def of_site(run: Mapping[str, Any]) -> dict[str, Any]:
	"""A run of a site as `as_test` takes one. What it wrote is what its steps say of it; of what it sent nothing is compared."""
	written = [
		(each["action"], {**each["output"], "doctype": each["params"]["doctype"]})
		for each in run["steps"]
		if each["action"] in ("document.create", "document.update")
		and each["params"]
		and isinstance(each["output"], Mapping)
		and "name" in each["output"]
	]
	made = [document for action, document in written if action == "document.create"]
	names = {(each["doctype"], each["name"]) for each in made}
	changed = [document for action, document in written if action == "document.update"]
	kept = [each for each in changed if (each["doctype"], each["name"]) not in names]
	return {**run, "documents": {"created": made, "updated": kept}}


def received(run: Mapping[str, Any]) -> list[dict[str, Any]]:
	"""The signals that steps of a run have got."""
	return [
		{"name": each["params"]["signal"], "key": each["params"].get("key"), "data": each["output"]}
		for each in run["steps"]
		if each["action"] == "flow.wait_for" and each["branch"] == RECEIVED
	]


class Loosened:
	"""Values without what changes from run to run."""

	def __init__(self, names: Iterable[str]) -> None:
		each = sorted(map(re.escape, names), key=len, reverse=True)
		of_names = (rf"(?<!\w){name}(?!\w)" for name in each)
		self._changing = re.compile("|".join([_CHANGING.pattern, *of_names]))

	def value(self, given: Any) -> Any:
		"""A value as a test expects it."""
		if isinstance(given, Mapping):
			kept = {key: each for key, each in given.items() if not _is_moment(each)}
			return {key: self.value(each) for key, each in kept.items()}
		if isinstance(given, list):
			return [self.value(each) for each in given]
		return self.text(given) if isinstance(given, str) else given

	def text(self, given: str) -> str:
		"""A text in which `*` stands for what changes. One without is compared as it is."""
		parts = self._changing.split(given)
		if len(parts) == 1:
			return str(given)
		return "*".join(re.sub(r"([*?[])", r"[\1]", part) for part in parts)


def _is_moment(value: Any) -> bool:
	return isinstance(value, int | float) and not isinstance(value, bool) and value >= _EPOCH


def _made(run: Mapping[str, Any], began: Began) -> set[str]:
	"""The names that were made in a run, for itself and for the documents that were given none."""
	given = repr((began.documents, began.start, began.parameters))
	names = {str(each["name"]) for each in run["documents"]["created"]}
	names |= {str(run["run"]), *(str(each.get("run")) for each in run.get("children", ()))}
	return {name for name in names if name and repr(name) not in given}


def _given(document: Mapping[str, Any]) -> dict[str, Any]:
	"""A document with what is filled in of it."""
	unsaid = UNSAID - {"doctype", "name", "docstatus", "owner"}
	return {
		key: _filled(value) for key, value in document.items() if key not in unsaid and value not in EMPTY
	}


def _filled(value: Any) -> Any:
	if not isinstance(value, list):
		return value
	return [_given(each) if isinstance(each, Mapping) else each for each in value]


def _decisions(definition: Definition, run: Mapping[str, Any]) -> dict[str, Any]:
	"""What people have said, by step, in the order in which it was asked."""
	found: dict[str, list[dict[str, Any]]] = {}
	for each in run["steps"]:
		step = definition.by_id.get(each["id"])
		if step is None or step.action not in ASKING or not isinstance(each["output"], Mapping):
			continue
		output = each["output"]
		made = output.get("decisions") or ([{**output, "decision": "answered"}] if output.get("by") else [])
		for one in made:
			values = one.get("values", output.get("values"))
			given = {
				"decision": one["decision"],
				"by": one["by"],
				"comment": one.get("comment"),
				"values": values,
			}
			found.setdefault(step.id, []).append({key: value for key, value in given.items() if value})
	return {step: given[0] if len(given) == 1 else given for step, given in found.items()}


def _responses(run: Mapping[str, Any]) -> dict[str, Any]:
	"""What other servers have answered, by request: what the steps that asked have kept of it, or what stood in."""
	found: dict[str, list[dict[str, Any]]] = {}
	for each in run["steps"]:
		output = each["output"]
		if each["action"] != "http.request" or not isinstance(output, Mapping) or "status" not in output:
			continue
		params, body = each["params"] or {}, output.get("body")
		url = str(params.get("url", "")).partition("?")[0]
		given = {"status": output["status"], **({"text": body} if isinstance(body, str) else {"json": body})}
		found.setdefault(f"{HTTP}{params.get('method', 'GET')} {url}", []).append(given)
	return {request: given[0] if len(given) == 1 else given for request, given in found.items()}


def _assumed_signals(run: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
	for each in run.get("assumed", ()):
		if "signal" in each:
			yield {
				"name": each["signal"],
				"data": {},
				**({} if each["key"] is None else {"key": each["key"]}),
			}


def _expect(run: Mapping[str, Any], loose: Loosened) -> dict[str, Any]:
	if run["status"] not in RUN_FINISHED:
		return {"status": run["status"]}
	created = [{"doctype": each["doctype"], **_named(each, loose)} for each in run["documents"]["created"]]
	sent = {"outbox": [_message(each, loose) for each in run["outbox"]]} if "outbox" in run else {}
	return {
		"status": run["status"],
		"steps": {each["id"]: each["status"] for each in run["steps"] if each["index"] is None},
		"output": loose.value(run["output"]),
		"documents": [*created, *_updated(run, loose)],
		**sent,
		"error": loose.value(run["error"]),
	}


def _named(document: Mapping[str, Any], loose: Loosened) -> dict[str, Any]:
	found = loose.value(_without_names(_given(document)))
	name = loose.text(str(document["name"]))
	return {
		**({} if name == "*" else {"name": name}),
		**{key: value for key, value in found.items() if key != "owner"},
	}


def _without_names(document: Mapping[str, Any]) -> dict[str, Any]:
	"""A document whose rows, which get names when they are saved, have none."""

	def cleaned(value: Any) -> Any:
		if not isinstance(value, list):
			return value
		return [{k: v for k, v in each.items() if k not in ("name", "doctype", "owner")} if isinstance(each, Mapping) else each for each in value]  # fmt: skip

	return {key: cleaned(value) for key, value in document.items() if key != "name"}


def _updated(run: Mapping[str, Any], loose: Loosened) -> Iterator[dict[str, Any]]:
	"""Documents that were there before: the fields that changed, where that is known, else what is filled in."""
	fields = {(each["doctype"], each["name"]): each["fields"] for each in run.get("changes", ())}
	for each in run["documents"]["updated"]:
		document = {"doctype": each["doctype"], "name": loose.text(str(each["name"]))}
		known = fields.get((each["doctype"], each["name"]))
		whole = {**_without_names(_given(each)), "docstatus": each.get("docstatus", 0)}
		whole.pop("owner", None)
		changed = whole if known is None else {name: each.get(name) for name in {one["field"].partition(".")[0] for one in known}}  # fmt: skip
		if known is not None:
			changed = {**_without_names(changed), "docstatus": each.get("docstatus", 0)}
		yield {
			**document,
			**loose.value({key: value for key, value in changed.items() if key not in document}),
		}


def _message(message: Mapping[str, Any], loose: Loosened) -> dict[str, Any]:
	return {key: loose.value(message[key]) for key in MESSAGE_KEYS if message.get(key)}
