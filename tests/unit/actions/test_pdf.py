"""The text of a PDF, which comes from outside: what has none, what is locked, what would grow, and what is broken."""

import json
import zlib
from pathlib import Path

import pytest

from dogansystem import Sandbox
from dogansystem.actions import pdf
from dogansystem.actions.schema import ValidationError
from dogansystem.workflows import template

INVOICE = json.loads((template("invoice-reader").folder / "samples.jsonl").read_text().splitlines()[1])[
	"content"
]


def with_stream(content: bytes, filters: str = "/FlateDecode") -> bytes:
	"""A PDF of one page whose content is this."""
	parts = [
		b"<< /Type /Catalog /Pages 2 0 R >>",
		b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 99 99] /Contents 4 0 R >>",
		b"<< /Length %d /Filter %s >>\nstream\n%s\nendstream" % (len(content), filters.encode(), content),
	]
	found, places = b"%PDF-1.4\n", []
	for number, part in enumerate(parts, start=1):
		places.append(len(found))
		found += b"%d 0 obj\n%s\nendobj\n" % (number, part)
	table = b"".join(b"%010d 00000 n \n" % place for place in places)
	end = b"xref\n0 5\n0000000000 65535 f \n%strailer\n<< /Size 5 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
	return found + end % (table, len(found))


def test_the_lines_of_an_invoice_are_read():
	text = pdf.text_of(INVOICE.encode(), "invoice.pdf")
	assert "Oak board 2 m     40   12.50    500.00" in text
	assert text.splitlines()[0] == "Oak Mill Ltd"


@pytest.mark.parametrize(
	("content", "words"),
	[
		(b"%PDF-1.4\nno more", "cannot be read"),
		(b"", "cannot be read"),
		(with_stream(zlib.compress(b"0 0 10 10 re f")), "has no text: its pages are pictures"),
	],
)
def test_what_has_no_text_says_so_with_the_files_name(content: bytes, words: str):
	with pytest.raises(ValidationError, match=f"scan.pdf: this PDF {words}"):
		pdf.text_of(content, "scan.pdf")


def test_what_would_grow_beyond_all_bounds_is_given_up():
	inner, outer = zlib.compressobj(9), zlib.compressobj(9)
	parts = [
		inner.compress(bytes(1024 * 1024)) for _ in range(1500)
	]  # a gigabyte and a half in some kilobytes
	grown = b"".join([*map(outer.compress, parts), outer.compress(inner.flush()), outer.flush()])
	assert len(grown) < 100_000
	with pytest.raises(ValidationError, match="bomb"):
		pdf.text_of(with_stream(grown, "[/FlateDecode /FlateDecode]"), "bomb.pdf")


def test_a_reader_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
	slow = tmp_path / "slow.py"
	slow.write_text("import time\ntime.sleep(60)\n")
	monkeypatch.setattr(pdf, "READER", slow)
	monkeypatch.setattr(pdf, "SECONDS", 0.2)
	with pytest.raises(ValidationError, match="too long"):
		pdf.text_of(b"%PDF-", "slow.pdf")


def test_a_step_reads_a_pdf():
	from dogansystem.actions import parsing
	from dogansystem.protocol import StoredFile

	assert "Total EUR 980.10" in parsing.parse_file(StoredFile("a.PDF", INVOICE.encode()), {})
	with Sandbox() as site:
		assert site.actions()["data.parse"].reads_only
