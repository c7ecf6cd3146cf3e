"""A program of its own: reads a PDF from standard input, and writes its text. The system keeps its limits. See `pdf`."""

import io
import sys

MEMORY = 1024 * 1024 * 1024  # bytes, the interpreter's own included
SECONDS = 20  # of the processor
PAGES = 50
CHARACTERS = 200_000
NO_LIBRARY, NOT_READ = 3, 4  # how it ends where it gives no text


def main() -> int:
	"""Give the exit code."""
	import resource  # Unix alone has it; `pdf` reads the codes above everywhere

	resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
	resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
	resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
	try:
		from pypdf import PdfReader
	except ImportError:
		return NO_LIBRARY
	try:
		reader = PdfReader(io.BytesIO(sys.stdin.buffer.read()))
		if reader.is_encrypted and not reader.decrypt(""):
			return _not_read("this PDF is locked by a password.")
		if len(reader.pages) > PAGES:
			return _not_read(f"this PDF has {len(reader.pages)} pages; at most {PAGES} are read.")
		text = "\n\n".join(page.extract_text() for page in reader.pages).strip()
	except MemoryError:
		return 1
	except Exception as error:  # whatever the library does not foresee
		return _not_read(f"this PDF cannot be read: {type(error).__name__}: {error}"[:500])
	if not text:
		return _not_read("this PDF has no text: its pages are pictures.")
	sys.stdout.buffer.write(text[:CHARACTERS].encode(errors="replace"))
	return 0


def _not_read(why: str) -> int:
	sys.stdout.buffer.write(why.encode(errors="replace"))
	return NOT_READ


if __name__ == "__main__":
	sys.exit(main())
