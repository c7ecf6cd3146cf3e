"""Names of files that steps make."""

import re

from dogansystem.actions.schema import ValidationError, shown, text

MAX_BYTES = 200  # of a name; file systems take 255, and Frappe adds some characters where a name is taken
# A name must not lead to another folder, be hidden, or mean something else in an address: Frappe reads %2e in one.
_ODD = re.compile(r'[\x00-\x1f\x7f/\\%#?<>:"|*]|^[.\s]+|[.\s]+$')
RETURNS = "{file: the name of the File, file_name, file_url}"
FILE_NAME = text("The new file's name, such as report.csv")


def checked_name(name: str, ending: str = "") -> str:
	"""A file's name, with that ending. Raises ValidationError for one that no file should have."""
	full = name if name.lower().endswith(ending) else name + ending
	if _ODD.search(full):
		raise ValidationError(
			f"params.file_name: {shown(name)} is no name for a file: leave out slashes, control characters and "
			'any of %#?<>:"|*, and dots or spaces at either end.'
		)
	if len(full.encode()) > MAX_BYTES:
		raise ValidationError(f"params.file_name: is longer than {MAX_BYTES} bytes. Give it a shorter one.")
	return full


def name_of(title: str, ending: str) -> str:
	"""A name for a file out of any text, such as a document's name."""
	plain = _ODD.sub("-", title).encode()[: MAX_BYTES - len(ending)].decode(errors="ignore")
	return (plain.strip("- ") or "file") + ending
