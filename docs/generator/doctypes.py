"""The DocTypes, from their JSON files."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from dogansystem.store.schema import DOCTYPE_FOLDER
from generator.markdown import code, plain, sections, table

DoctypeFile = Mapping[str, Any]

# What each one is. Rows of a form (child tables) and Dogan Settings are described elsewhere.
ABOUT: Mapping[str, str] = {
	"Dogan Workflow": "A workflow as a form. Its tables *Triggers* and *Steps* hold the keys of [triggers](triggers.md) and "
	"[steps](steps.md).",
	"Dogan Workflow Version": "A workflow as it was when it was saved. It is never changed.",
	"Dogan Workflow Run": "A run. Only the app writes it.",
	"Dogan Step Run": "A step of a run, or one item of a `for_each` step. Only the app writes it.",
	"Dogan Approval": "What people [decide](../guides/approvals.md), or fill in. Only the app writes it.",
	"Dogan Approver": "Who is or was asked. Only the app writes it.",
	"Dogan Approval Decision": "What somebody has decided. Only the app writes it, once.",
	"Dogan Approval Matrix": "Who decides on what: the first row that fits. See [Approvals](../guides/approvals.md).",
	"Dogan Substitute": "Who may decide for somebody who is away. Each person chooses their own.",
	"Dogan Agent": "An [agent](../guides/agents.md): a user who does steps.",
	"Dogan Agent Turn": "A request of an [AI agent](../guides/ai-agents.md) to its model, the answer, and the calls that came of it. "
	"Only the app writes it.",
	"Dogan Model": "A language model that [AI agents](../guides/ai-agents.md) ask.",
	"Dogan Tool Server": "A server whose tools [AI agents](../guides/ai-agents.md#tools-of-other-servers) may be given.",
	"Dogan Credential": "A secret under a name, for [`http.request`](actions/http.md#httprequest); see "
	"[Security](../security.md#credentials).",
	"Dogan Batch": "A workflow that was started for many documents, and what became of each.",
	"Dogan Rehearsal": "A definition that was tried with documents that exist: "
	"[Before you enable it](../guides/before-you-enable-it.md).",
	"Dogan Baseline": "What the system did in a span of time, kept to compare with it later.",
}
_ROLES = ("System Manager", "Dogan Manager", "Dogan User", "Desk User")
_VERBS = ("read", "write", "create", "delete")


def permissions() -> str:
	"""Who may read, write, create and delete what."""
	return table(
		("DocType", *_ROLES),
		[
			(
				f"[{name}](#{name.lower().replace(' ', '-')})",
				*(_verbs(_files()[name], role) for role in _ROLES),
			)
			for name in ABOUT
		],
	)


def fields() -> str:
	"""Each DocType with its fields."""
	left = {name for name, file in _files().items() if not (file.get("istable") or file.get("issingle"))} ^ {
		*ABOUT
	}
	if left:
		raise SystemExit(f"docs/generator/doctypes.py: {left} is not described, or does not exist")
	return sections(*(f"## {name}\n\n{ABOUT[name]}\n\n{_fields(_files()[name])}" for name in ABOUT))


def described(file: DoctypeFile) -> list[DoctypeFile]:
	"""The fields of a DocType that hold a value and are shown."""
	without = ("HTML", "Section Break", "Column Break", "Tab Break")
	return [each for each in file["fields"] if each["fieldtype"] not in without and not each.get("hidden")]


@cache
def _files() -> dict[str, DoctypeFile]:
	read = [json.loads(path.read_text()) for path in sorted(DOCTYPE_FOLDER.glob("*/*.json"))]
	return {file["name"]: file for file in read}


def _fields(file: DoctypeFile) -> str:
	rows = [
		(
			code(each["fieldname"]),
			each.get("label", ""),
			each["fieldtype"],
			plain(each.get("description", "")),
		)
		for each in described(file)
	]
	return table(("field", "label", "type", "meaning"), rows)


def _verbs(file: DoctypeFile, role: str) -> str:
	rows = [row for row in file.get("permissions", ()) if row["role"] == role and not row.get("permlevel")]
	return ", ".join(verb for verb in _VERBS if any(row.get(verb) for row in rows))
