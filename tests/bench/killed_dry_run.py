"""A process that tries a workflow out again and again, until it is killed."""

import os

import frappe

from dogansystem.homes.frappe.site import current_site
from dogansystem.orchestrator import Orchestrator
from dogansystem.proving.dry_run import Asked, dry_run


def main() -> None:
	"""Say when it begins, and never end."""
	frappe.init(site=os.environ["DOGAN_BENCH_SITE"])
	frappe.connect()
	frappe.set_user("Administrator")
	site = current_site()
	make = {"id": "make", "action": "document.create", "for_each": "{{ range(200) | list }}", "params": {"doctype": "ToDo", "values": {"description": "killed"}}}  # fmt: skip
	definition = Orchestrator(site).check({"name": "killed", "run_as": "Administrator", "steps": [make]})
	print("begins", flush=True)
	while True:
		dry_run(site, Asked(definition, "Administrator"))


if __name__ == "__main__":
	main()
