"""What stands beside a document of the sandbox: comments, assignments, tags, shares."""

from collections.abc import Collection, Sequence
from typing import Any

from dogansystem.homes.sandbox.documents import Records
from dogansystem.homes.sandbox.errors import ValidationError
from dogansystem.homes.sandbox.permissions import KINDS
from dogansystem.protocol import Document

TAGS = "_user_tags"  # the field in which Frappe keeps them, with commas between


class Sidebar(Records):
	"""A part of `Documents`."""

	def comment(self, doctype: str, name: str, text: str) -> Document:
		"""Comment on a document the user may read; gives the comment's name."""
		about = self.get(doctype, name)
		by = {"comment_type": "Comment", "comment_email": self._site.user, "comment_by": self._site.user}
		of = {"reference_doctype": doctype, "reference_name": about["name"], "content": text}
		return {"name": self._insert("Comment", {**by, **of})["name"]}

	def assign(self, doctype: str, name: str, user: str, description: str | None = None) -> Document:
		"""Assign a document to a user; an open assignment to the same user stands. Gives the ToDo's name."""
		about = self.get(doctype, name)
		if not self._site.people.exists(user):
			raise ValidationError(f"{user} is no enabled user here. Assign {doctype} {name!r} to one who is.")
		of = {"reference_type": doctype, "reference_name": about["name"]}
		assignment = {**of, "allocated_to": user, "status": "Open"}
		self._site.database.begin()
		known = self._matching("ToDo", assignment)
		details = {
			"description": description or f"Assignment for {doctype} {about['name']}",
			"priority": "Medium",
			"date": self._site.local_time(self._site.now()).date().isoformat(),
			"assigned_by": self._site.user,
		}
		todo = known[0] if known else self._insert("ToDo", {**assignment, **details})
		return {"name": todo["name"]}

	def unassign(self, doctype: str, name: str, user: str | None = None) -> Sequence[str]:
		"""End a user's open assignments to a document, or everybody's; gives the users."""
		about = self.get(doctype, name)
		self._site.database.begin()
		of: dict[str, Any] = {"reference_type": doctype, "reference_name": about["name"], "status": "Open"}
		open_ones = self._matching("ToDo", {**of, **({"allocated_to": user} if user else {})})
		for todo in open_ones:
			self._save(todo, {"status": "Cancelled"}, "updated")
		return list(dict.fromkeys(todo["allocated_to"] for todo in open_ones))

	def tag(self, doctype: str, name: str, tags: Sequence[str], *, remove: bool = False) -> Sequence[str]:
		"""Add tags to a document, or take them away. Tags that differ in case are one. Gives all it has then."""
		document = self._for_change(doctype, name, "write")
		before = [each for each in str(document.get(TAGS) or "").split(",") if each]
		given, known = ({each.lower() for each in names} for names in (tags, before))
		if remove:
			after = [each for each in before if each.lower() not in given]
		else:
			after = [*before, *(each for each in tags if each.lower() not in known)]
		self._site.shelf.replace({**document, TAGS: ",".join(after)})  # no event, as on a site
		if self._site.recording and after != before:
			self._site.recording.note(document, "updated", document)
		return after

	def share(self, doctype: str, name: str, user: str, rights: Collection[str]) -> Document:
		"""Write down a share. The sandbox has permissions for types of documents only, so it opens nothing."""
		about = self.get(doctype, name)
		for right in sorted(rights):
			if right in KINDS:
				self._permissions.check(doctype, right)
		of = {"share_doctype": doctype, "share_name": about["name"], "user": user}
		self._site.database.begin()
		known = self._matching("DocShare", of)
		granted = {right: 1 for right in ("read", *rights)}
		if known:
			return {"name": self._save(known[0], granted, "updated")["name"]}
		nothing = {right: 0 for right in ("write", "submit", "share")}
		return {"name": self._insert("DocShare", {**of, **nothing, **granted})["name"]}
