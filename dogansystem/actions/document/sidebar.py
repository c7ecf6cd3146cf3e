"""What stands beside a document in its form: comments, assignments, tags, shares, files."""

import base64
import binascii
from typing import Any

from dogansystem.actions.base import Action, StepContext
from dogansystem.actions.files import FILE_NAME, RETURNS, checked_name
from dogansystem.actions.schema import (
	NAMED,
	OF_DOC,
	ValidationError,
	one_or_many,
	parameters,
	switch,
	text,
	words,
)
from dogansystem.engine.errors import NotFound

MAX_TAG = 140  # characters. Source: the name column of Frappe's DocTypes


class Comment(Action):
	name = "document.comment"
	summary = "Comment on a document"
	parameters = parameters({**NAMED, "text": words("The comment; HTML is allowed", needed=True)})
	returns = "{name} of the comment"
	example = {**OF_DOC, "text": "Called, no answer"}

	def run(self, params: dict[str, Any], context: StepContext) -> dict[str, Any]:
		comment = context.site.documents.comment(params["doctype"], params["name"], str(params["text"]))
		return {"name": comment["name"]}


class Assign(Action):
	name = "document.assign"
	summary = "Assign a document to a user"
	parameters = parameters(
		{**NAMED, "user": text("Who gets it")}, {"description": words("What is to be done")}
	)
	returns = "{name} of the ToDo"
	example = {**OF_DOC, "user": "sales@example.com", "description": "Call {{ doc.customer_name }}"}

	def run(self, params: dict[str, Any], context: StepContext) -> dict[str, Any]:
		description = str(params["description"]) if "description" in params else None
		todo = context.site.documents.assign(params["doctype"], params["name"], params["user"], description)
		return {"name": todo["name"]}


class Unassign(Action):
	name = "document.unassign"
	summary = "End assignments of a document"
	parameters = parameters(NAMED, {"user": text("Whose assignment ends; everybody's if left out")})
	returns = "{unassigned: the users it was assigned to}; nobody is not an error"
	example = {**OF_DOC, "user": "sales@example.com"}

	def run(self, params: dict[str, Any], context: StepContext) -> dict[str, Any]:
		users = context.site.documents.unassign(params["doctype"], params["name"], params.get("user"))
		return {"unassigned": list(users)}


class Tag(Action):
	name = "document.tag"
	summary = "Tag a document"
	parameters = parameters(
		{
			**NAMED,
			"tag": one_or_many(
				"The tag, or a list of tags; without commas", pattern=r"^[^,]*[^,\s][^,]*$", maxLength=MAX_TAG
			),
		},
		{"remove": switch("Whether the tag is taken away instead")},
	)
	returns = "{tags: all tags that the document has then}"
	example = {**OF_DOC, "tag": ["large", "{{ doc.order_type }}"]}

	def run(self, params: dict[str, Any], context: StepContext) -> dict[str, Any]:
		given = [params["tag"]] if isinstance(params["tag"], str) else params["tag"]
		tags = list(dict.fromkeys(each.strip() for each in given))
		found = context.site.documents.tag(
			params["doctype"], params["name"], tags, remove=params.get("remove", False)
		)
		return {"tags": list(found)}


class Share(Action):
	"""Shares for reading, and for what else is asked. Nobody gives a right that they do not have."""

	name = "document.share"
	summary = "Share a document with a user"
	parameters = parameters(
		{**NAMED, "user": text("Who may read it then; rights that this user was given before stay")},
		{
			"write": switch("Whether this user may change it"),
			"submit": switch("Whether this user may submit it, which includes changing it"),
			"share": switch("Whether this user may share it on"),
		},
	)
	returns = "{name} of the share"
	example = {**OF_DOC, "user": "boss@example.com", "write": True}

	def run(self, params: dict[str, Any], context: StepContext) -> dict[str, Any]:
		user = params["user"]
		if not context.site.people.exists(user):
			raise NotFound(
				f"params.user: {user}: no such user here, or disabled. Name a user who is enabled."
			)
		rights = {right for right in ("write", "submit", "share") if params.get(right)}
		if "submit" in rights:
			rights.add("write")
		share = context.site.documents.share(params["doctype"], params["name"], user, rights)
		return {"name": share["name"]}


class Attach(Action):
	"""Attaches a new File, or one that the user may read. The user has to be allowed to change the document."""

	name = "document.attach"
	summary = "Attach a file to a document"
	parameters = parameters(
		NAMED,
		{
			"file": text("A File's name or URL, which is attached as it is"),
			"content": words("The text of a new file", needed=True),
			"base64": text("The bytes of a new file in base64, such as the body of http.request gives them"),
			"file_name": FILE_NAME,
			"private": switch(
				"Whether only those who may read the document may read the new file", default=True
			),
		},
		oneOf=[{"required": ["file"]}, {"required": ["content"]}, {"required": ["base64"]}],
	)
	returns = RETURNS
	example = {**OF_DOC, "file_name": "note.txt", "content": "Offered on {{ today }}"}

	def run(self, params: dict[str, Any], context: StepContext) -> dict[str, Any]:
		document = (params["doctype"], params["name"])
		if "file" in params:
			return context.site.files.attach(params["file"], document)
		if "file_name" not in params:
			raise ValidationError(
				"params.file_name: is missing; a new file needs a name, such as report.csv."
			)
		content = _unpacked(params["base64"]) if "base64" in params else str(params["content"]).encode()
		return context.site.files.create(
			checked_name(params["file_name"]),
			content,
			is_private=params.get("private", True),
			attached_to=document,
		)


def _unpacked(text: str) -> bytes:
	try:
		return base64.b64decode("".join(text.split()), validate=True)
	except (binascii.Error, ValueError) as error:
		raise ValidationError(f"params.base64: is not base64: {error}.") from None
