from dogansystem.homes.frappe.permissions import Row


class DoganWorkflowTrigger(Row):
	"""One thing that starts runs of a workflow."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		account: DF.Link | None
		again: DF.Literal["", "never", "changed"]
		at_time: DF.Data | None
		condition: DF.SmallText | None
		credential: DF.Link | None
		cron: DF.Data | None
		date_offset: DF.Data | None
		delivery_key: DF.Data | None
		document_event: DF.Literal["", "created", "updated", "submitted", "cancelled", "deleted", "changed"]
		document_type: DF.Link | None
		ended_as: DF.Data | None
		every: DF.Data | None
		existing: DF.Check
		field: DF.Data | None
		filters: DF.Code | None
		from_value: DF.SmallText | None
		kept_headers: DF.SmallText | None
		kind: DF.Literal[
			"", "document", "date", "schedule", "webhook", "email", "condition", "signal", "run", "manual"
		]
		missed: DF.Literal["", "skip", "once", "all"]
		of_workflow: DF.Data | None
		parent: DF.Data
		parentfield: DF.Data
		parenttype: DF.Data
		role: DF.Link | None
		signal_name: DF.Data | None
		subject: DF.Data | None
		timezone: DF.Data | None
		to_value: DF.SmallText | None
	# end: auto-generated types
