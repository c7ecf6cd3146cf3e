"""The text of a PDF. It comes from outside, and what reads it is large: it is read by a process of its own, which has limits."""

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryFile

from dogansystem.actions.pdf_reader import NO_LIBRARY, NOT_READ
from dogansystem.actions.schema import ValidationError
from dogansystem.engine.errors import NotAvailable

BEGINNING = b"%PDF-"
READER = Path(__file__).with_name("pdf_reader.py")
SECONDS = 30.0  # that it may take: more than the time of the processor that it is given


def text_of(content: bytes, name: str) -> str:
	"""The text of a PDF, page by page. Raises ValidationError for one that has none, and NotAvailable where pypdf is not installed.

	`name`: what it is called, for errors.
	"""
	try:
		with TemporaryFile() as file:
			file.write(content)
			file.seek(0)
			# -I: nothing of where the process stands, and no variable, says what is imported.
			command = [sys.executable, "-I", str(READER)]
			found = subprocess.run(command, stdin=file, capture_output=True, timeout=SECONDS)
	except subprocess.TimeoutExpired:
		raise ValidationError(f"{name}: it takes too long to read this PDF.") from None
	if found.returncode == NO_LIBRARY:
		raise NotAvailable(
			"PDF files need the Python package pypdf, which is not installed here. Install it with"
			" `pip install 'dogansystem[pdf]'`, or give the text."
		)
	if found.returncode:
		why = found.stdout.decode(errors="replace").strip() if found.returncode == NOT_READ else ""
		raise ValidationError(f"{name}: {why or 'this PDF takes too much time or memory to read.'}")
	return found.stdout.decode(errors="replace")
