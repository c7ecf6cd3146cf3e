"""What runs the autoscaler on a bench: systemd's and supervisor's own checks, sudo's, and our rules."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from dogansystem.homes.bench.systemd import UNIT, orders
from dogansystem.scaling.autoscale import Bounds
from tests.integration.deploy.files import broken, program, run
from tests.integration.deploy.test_units import (  # noqa: F401
	SUPERVISOR,
	SYSTEMD,
	TARGET,
	parsed,
	short,
	supervised,
	verified,
)

SERVICE = SYSTEMD / "dogansystem-autoscaler.service"
SUDOERS = SYSTEMD / "dogansystem.sudoers"
PROGRAM = SUPERVISOR.with_name("dogansystem-autoscaler.conf")


def bounds_of(command: str) -> Bounds:
	"""The bounds in a command line, which have to be ones that it takes."""
	words = shlex.split(command)
	assert words[words.index("dogansystem") + 1] == "autoscale"
	given = {name: float(words[words.index(f"--{name}") + 1]) for name in ("floor", "ceiling", "cooldown")}
	return Bounds(int(given["floor"]), int(given["ceiling"]), given["cooldown"])


# systemd


def test_systemd_takes_the_unit(tmp_path: Path):
	assert verified(tmp_path, SERVICE.name, SERVICE.read_text()) == ""


@pytest.mark.parametrize(
	"old, new, problem",
	[
		("KillMode=process", "KillMode=proces", "kill mode"),
		("Restart=always", "Restart=forever", "restart"),
		("ExecStart=/home", "ExecStart=/nowhere", "not executable"),
		("PartOf=", "PartOff=", "Unknown key"),
	],
)
def test_systemd_notices_a_broken_copy(tmp_path: Path, old: str, new: str, problem: str):
	assert problem in verified(tmp_path, SERVICE.name, broken(SERVICE.read_text(), old, new))


def systemd_problems(text: str) -> Iterator[str]:
	unit = parsed(text)
	if bounds_of(unit["Service"]["ExecStart"]) != Bounds():
		yield "its bounds are not those of the documentation"
	if not unit["Unit"].get("PartOf") == unit["Install"].get("WantedBy") == TARGET:
		yield "it starts workers that the target has stopped"
	if unit["Service"].get("KillMode") != "process":
		yield "a worker that is being stopped is forgotten with it"
	if unit["Service"].get("User", "root") == "root":
		yield "root runs what the bench's user may change"


def test_the_rules_for_systemd_hold():
	assert list(systemd_problems(SERVICE.read_text())) == []


@pytest.mark.parametrize(
	"old, new, problem",
	[
		("--ceiling 20", "--ceiling 30", "bounds"),
		(f"PartOf={TARGET}\n", "", "that the target has stopped"),
		("KillMode=process\n", "", "forgotten"),
		("User=frappe\n", "", "root runs"),
	],
)
def test_a_unit_that_breaks_a_rule_is_noticed(old: str, new: str, problem: str):
	assert problem in " ".join(systemd_problems(broken(SERVICE.read_text(), old, new)))


# sudo


def checked(path: Path) -> str:
	return run(program("visudo", "sudo"), "--check", "--strict", f"--file={path}").stdout


def test_sudo_takes_the_rule():
	assert "parsed OK" in checked(SUDOERS)


@pytest.mark.parametrize(
	"old, new",
	[
		("(root) NOPASSWD:", "(root NOPASSWD:"),
		("NOPASSWD:", "NOPASSWORD:"),
		("/usr/bin/systemctl", "systemctl"),
	],
)
def test_sudo_notices_a_broken_copy(tmp_path: Path, old: str, new: str):
	copy = tmp_path / "sudoers"
	copy.write_text(broken(SUDOERS.read_text(), old, new))
	assert "parsed OK" not in checked(copy)


def allows(words: str) -> bool:
	"""Whether the rule's expression matches the words behind `systemctl`, as sudo joins them by spaces."""
	rule = re.search(r"/usr/bin/systemctl (\^.*\$)$", SUDOERS.read_text(), re.MULTILINE)
	assert rule
	return re.search(rule[1], words) is not None


def test_all_that_is_ordered_is_allowed():
	for for_now in (True, False):
		for order in (
			*orders(set(), set(), 12, for_now),
			*orders(set(range(30)), set(range(30)), 1, for_now),
		):
			assert all(allows(" ".join([*order.command[1:], subject])) for subject in order.subjects)


@pytest.mark.parametrize(
	"words",
	[
		f"start {UNIT}@1.service ssh.service",
		f"start ssh.service {UNIT}@1.service",
		f"start {UNIT}@1.service\nssh.service",
		f"mask {UNIT}@1.service",
		f"start --root=/tmp {UNIT}@1.service",
		f"start {UNIT}@x.service",
	],
)
def test_nothing_else_is_allowed(words: str):
	assert not allows(words)


# supervisor


def test_supervisor_takes_the_program(short: Path):  # noqa: F811
	assert "dogansystem-autoscaler " in supervised(short, PROGRAM.read_text())


@pytest.mark.parametrize(
	"old, new, problem",
	[
		("stopsignal=TERM", "stopsignal=TERMINATE", "not a valid signal name"),
		("numprocs=1", "numprocs=one", "invalid literal for int()"),
	],
)
def test_supervisor_refuses_a_broken_copy(short: Path, old: str, new: str, problem: str):  # noqa: F811
	said = supervised(short, broken(PROGRAM.read_text(), old, new))
	assert "STOPPED" not in said and problem in said


def supervisor_problems(text: str) -> Iterator[str]:
	section = parsed(text)["program:dogansystem-autoscaler"]
	if bounds_of(section["command"]) != Bounds():
		yield "its bounds are not those of the documentation"
	if section.getint("numprocs", 1) != 1:
		yield "two of them decide against each other"
	if section.getboolean("stopasgroup") or section.getboolean("killasgroup"):
		yield "a worker that is being stopped is forgotten with it"


def test_the_rules_for_supervisor_hold():
	assert list(supervisor_problems(PROGRAM.read_text())) == []


@pytest.mark.parametrize(
	"old, new, problem",
	[
		("--floor 2", "--floor 1", "bounds"),
		("numprocs=1", "numprocs=2", "against each other"),
		("killasgroup=false", "killasgroup=true", "forgotten"),
	],
)
def test_a_program_that_breaks_a_rule_is_noticed(old: str, new: str, problem: str):
	assert problem in " ".join(supervisor_problems(broken(PROGRAM.read_text(), old, new)))
