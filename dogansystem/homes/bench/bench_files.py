"""Files of a bench, changed in one go, and so that the change can be taken back byte for byte."""

import json
import os
import tempfile
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path
from typing import Any

from dogansystem.engine.errors import WrongState
from dogansystem.engine.rendered import without_secrets


@dataclass(frozen=True, slots=True)
class FileChange:
	"""What a file holds, and what it has to hold. None: there is no such file."""

	path: Path
	before: bytes | None
	after: bytes | None

	@property
	def is_needed(self) -> bool:
		"""Whether the two differ."""
		return self.before != self.after

	def differences(self) -> list[str]:
		"""The lines that go (`-`) and come (`+`), for people, without the passwords that may stand there."""
		before, after = (
			(each or b"").decode(errors="replace").splitlines() for each in (self.before, self.after)
		)
		found = unified_diff(before, after, lineterm="", n=0)
		return [
			without_secrets(line) for line in found if line[:1] in "+-" and line[:3] not in ("+++", "---")
		]

	def problem(self) -> str | None:
		"""Why this process may not write the file, or None."""
		path = self.path.resolve()
		if self.is_needed and path.exists() and not os.access(path, os.W_OK):
			return f"{path} may not be written by this user"
		if self.is_needed and not os.access(path.parent, os.W_OK | os.X_OK):
			return f"{path.parent} is a folder in which this user may not write"
		return None

	def apply(self) -> None:
		"""Write what has to be there. Raises WrongState if somebody else has changed the file meanwhile."""
		if content_of(self.path) != self.before:
			raise WrongState(
				f"{self.path} was changed by somebody else meanwhile. Look at it, and try again."
			)
		write(self.path, self.after)

	def revert(self) -> None:
		"""Write what was there before. Raises WrongState if it is no longer as `apply` left it."""
		FileChange(self.path, self.after, self.before).apply()


def content_of(path: Path) -> bytes | None:
	"""What a file holds; None if it is not there."""
	return path.read_bytes() if path.exists() else None


def write(path: Path, content: bytes | None, mode: int = 0o644) -> None:
	"""Give a file this content, or remove it: at once, so that whoever reads meanwhile has the old one or the new.

	Mode and owner stay as they are, also when root writes; a new file gets `mode` and the owner of its folder.
	"""
	path = path.resolve()
	if content is None:
		path.unlink(missing_ok=True)
		return
	model = (path if path.exists() else path.parent).stat()
	number, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
	try:
		with os.fdopen(number, "wb") as file:
			file.write(content)
			file.flush()
			os.fchmod(number, model.st_mode & 0o7777 if path.exists() else mode)
			if os.geteuid() == 0:
				os.fchown(number, model.st_uid, model.st_gid)
			os.fsync(number)
		os.replace(name, path)
	except BaseException:
		os.unlink(name)
		raise


def with_values(text: bytes, values: dict[str, Any]) -> bytes:
	"""A JSON object's text with some of its keys set, laid out as bench and Frappe do: by one space, and in order of the
	keys where they were in order. Raises WrongState if it is no JSON object."""
	try:
		known = json.loads(text)
	except ValueError as error:
		raise WrongState(f"it is not JSON: {error}") from None
	if not isinstance(known, dict):
		raise WrongState("it is not a JSON object")
	if all(known.get(key) == value for key, value in values.items()):
		return text
	is_sorted, end = list(known) == sorted(known), text[len(text.rstrip()) :]
	return json.dumps(known | values, indent=1, sort_keys=is_sorted, separators=(",", ": ")).encode() + end
