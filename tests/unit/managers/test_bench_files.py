"""Files that are changed at once, and back byte for byte."""

import json
import os
from pathlib import Path

import pytest

from dogansystem.engine.errors import WrongState
from dogansystem.homes.bench.bench_files import FileChange, with_values, write

SORTED = b'{\n "a": 1,\n "workers": {\n  "other": {\n   "timeout": 5\n  }\n }\n}'


def test_a_change_and_its_way_back_are_exact(tmp_path: Path):
	path = tmp_path / "f"
	path.write_bytes(b"one\r\n\xff")
	path.chmod(0o640)
	change = FileChange(path, b"one\r\n\xff", b"two")
	change.apply()
	assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"two", 0o640)
	change.revert()
	assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"one\r\n\xff", 0o640)
	assert os.listdir(tmp_path) == ["f"]


def test_a_file_that_was_not_there_is_made_and_removed(tmp_path: Path):
	change = FileChange(tmp_path / "f", None, b"new")
	change.apply()
	assert (tmp_path / "f").read_bytes() == b"new"
	change.revert()
	assert os.listdir(tmp_path) == []


def test_what_somebody_else_has_written_meanwhile_is_kept(tmp_path: Path):
	path = tmp_path / "f"
	path.write_bytes(b"theirs")
	with pytest.raises(WrongState, match="somebody else"):
		FileChange(path, b"mine", b"new").apply()
	assert path.read_bytes() == b"theirs"


def test_a_link_stays_a_link(tmp_path: Path):
	(tmp_path / "real").write_bytes(b"one")
	(tmp_path / "link").symlink_to(tmp_path / "real")
	write(tmp_path / "link", b"two")
	assert (tmp_path / "link").is_symlink() and (tmp_path / "real").read_bytes() == b"two"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
def test_a_file_that_may_not_be_written_is_known_before(tmp_path: Path):
	path = tmp_path / "f"
	path.write_bytes(b"one")
	path.chmod(0o444)
	assert "may not be written" in str(FileChange(path, b"one", b"two").problem())
	assert FileChange(path, b"one", b"one").problem() is None


def test_a_configuration_is_laid_out_as_bench_does(tmp_path: Path):
	changed = with_values(SORTED, {"b": {"z": 1, "y": 2}})
	assert changed == json.dumps(json.loads(changed), indent=1, sort_keys=True).encode()
	assert json.loads(changed) == {**json.loads(SORTED), "b": {"z": 1, "y": 2}}


def test_keys_that_are_in_no_order_stay_where_they_are():
	assert list(json.loads(with_values(b'{"b": 1, "a": 2}\n', {"b": 3}))) == ["b", "a"]
	assert with_values(b'{"b": 1, "a": 2}\n', {"b": 3}).endswith(b"}\n")


def test_what_is_so_already_is_not_touched():
	assert with_values(b'{"a":1}', {"a": 1}) == b'{"a":1}'


@pytest.mark.parametrize("text", [b"", b"[1]", b"{'a': 1}"])
def test_what_is_no_configuration_is_refused(text: bytes):
	with pytest.raises(WrongState, match="JSON"):
		with_values(text, {"a": 1})
