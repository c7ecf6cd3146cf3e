"""`dogansystem new`: a definition, a test and sample documents to start from."""

import re
from pathlib import Path

from dogansystem.terminal.files import SCHEMA, FileError

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
DEFINITION = """\
# yaml-language-server: $schema={schema}
name: {name}
title: {title}
run_as: sales@example.com            # whose permissions the steps have
parameters:
  limit: {{type: number, title: Tell from this amount, default: 1000}}
triggers:
- {{on: document, doctype: Quotation, event: submitted, if: "{{{{ doc.grand_total >= parameters.limit }}}}"}}
- {{on: manual, doctype: Quotation}}
steps:
- id: about
  action: data.set
  params: {{customer: "{{{{ doc.customer }}}}", total: "{{{{ doc.grand_total }}}}"}}
- id: mail
  action: email.send
  params:
    to: sales@example.com
    subject: "Quotation {{{{ doc.name }}}} of {{{{ steps.about.output.total }}}}"
    message: "It is for {{{{ steps.about.output.customer }}}}."
output: {{told: "{{{{ steps.mail.output.recipients }}}}"}}
"""
TEST = """\
workflow: {name}.yaml
tests:
- name: a large quotation is told of
  documents: [{{doctype: Quotation, name: Q-1, customer: Acme, grand_total: 5000}}]
  start: {{doc: {{doctype: Quotation, name: Q-1}}, event: submitted}}
  expect:
    status: Succeeded
    steps: {{about: Succeeded, mail: Succeeded}}
    outbox: [{{to: sales@example.com, subject: "*Q-1*"}}]
"""
DOCUMENTS = """\
{"doctype": "Quotation", "name": "Q-1", "customer": "Acme", "grand_total": 5000}
{"doctype": "Quotation", "name": "Q-2", "customer": "Birch", "grand_total": 20}
"""


def make(name: str, folder: Path) -> list[Path]:
	"""Write the files for a workflow of that name; gives them. Raises FileError if the name is none, or a file is there."""
	if not _NAME.fullmatch(name):
		raise FileError(f"{name!r} is not a name: lower case letters, digits and hyphens only.")
	words = {"name": name, "title": name.replace("-", " ").capitalize(), "schema": SCHEMA.name}
	texts = {
		f"{name}.yaml": DEFINITION.format(**words),
		f"{name}.test.yaml": TEST.format(**words),
		f"{name}.jsonl": DOCUMENTS,
	}
	there = next((folder / file for file in texts if (folder / file).exists()), None)
	if there:
		raise FileError(f"{there}: is there already; choose another name, or another folder.")
	folder.mkdir(parents=True, exist_ok=True)
	for file, text in texts.items():
		(folder / file).write_text(text, encoding="utf-8")
	if not (folder / SCHEMA.name).exists():
		(folder / SCHEMA.name).write_text(SCHEMA.read_text(encoding="utf-8"), encoding="utf-8")
	return [folder / file for file in (*texts, SCHEMA.name)]
