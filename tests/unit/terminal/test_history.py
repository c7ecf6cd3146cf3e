"""`dogansystem versions`: the versions of a workflow of a sandbox, compared and restored from a shell."""

import json

from tests.unit.terminal.test_cli import command, write


def test_versions_are_listed_compared_and_restored(tmp_path):
	db = tmp_path / "sandbox.db"
	for number in (1, 2):
		steps = f"  - {{id: a, action: data.set, params: {{of: {number}}}}}\n"
		assert command("run", write(tmp_path, steps), "--db", db).returncode == 0
	compared = command("versions", "try", "--compare", 1, 2, "--db", db)
	assert compared.returncode == 0, compared.stderr
	assert "Step a: Of was changed from 1 to 2" in compared.stdout
	assert "+    of: 2" in compared.stdout
	restored = command("versions", "try", "--restore", 1, "--why", "It was right", "--db", db)
	assert "it is version 3 now" in restored.stdout, restored.stderr
	listed = json.loads(command("versions", "try", "--json", "--db", db).stdout)["versions"]
	assert [(each["version"], each["note"], each["is_current"]) for each in listed] == [
		(3, "It was right", True),
		(2, "", False),
		(1, "", False),
	]
	same = json.loads(command("versions", "try", "--compare", 1, 3, "--json", "--db", db).stdout)
	assert same["changes"] == [] and same["yaml"] == ""


def test_what_is_not_there_is_refused_in_words(tmp_path):
	db = tmp_path / "sandbox.db"
	command("run", write(tmp_path, "  - {id: a, action: data.set}\n"), "--db", db)
	for arguments, words in (
		(("nobody",), "no workflow named 'nobody'"),
		(("try", "--compare", 1, 7), "no version 7"),
		(("try", "--restore", 1), "says now"),
	):
		refused = command("versions", *arguments, "--db", db)
		assert refused.returncode != 0
		assert words in refused.stderr
		assert "Traceback" not in refused.stderr
