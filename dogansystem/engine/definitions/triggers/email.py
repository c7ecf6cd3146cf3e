"""`on: email`: a mail is received."""

from collections.abc import Mapping
from typing import ClassVar

from dogansystem.engine.definitions import check_values as values
from dogansystem.engine.definitions.triggers.base import IN_START, Key, Kind

DOCTYPE = "Communication"


class EmailKind(Kind):
	"""Mails that a site receives as Communications."""

	on = "email"
	about = (
		"A mail is received as a Communication. The run is written in the transaction that keeps the mail, when its "
		"attachments are there. `doc` is the Communication; `trigger` has `account`, `subject`, `sender`, `message_id` and "
		"`attachments`, the names of Files. Mails of the site's own accounts start nothing, and one sender starts at most 10 "
		"runs of a workflow in an hour. The address of a sender can be forged."
	)
	starts_as = "a mail"
	doctype = DOCTYPE
	keys: ClassVar[Mapping[str, Key]] = {
		"account": Key(values.label, "The Email Account that receives it. Left out: any."),
		"subject": Key(
			values.label,
			"A pattern of its subject, `*` for any text: `Order *`. Upper and lower case are the same.",
		),
		"from": Key(
			values.label,
			"A pattern of the sender's address, `*` for any text: `*@example.com`.",
			field="from_value",
			form="value",
		),
		"if": Key(values.condition, "A run starts only if it is true.", field="condition", in_reach=IN_START),
	}
