"""What starts workers on a machine without containers: systemd's own check, supervisor itself, and our rules."""

import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from configparser import RawConfigParser
from pathlib import Path

import pytest

from dogansystem.homes.frappe.queues import GRACE, QUEUE
from dogansystem.protocol import Settings
from tests.integration.deploy.files import DEPLOY, PROGRAMS, broken, program, queue_of, run, seconds

SYSTEMD = DEPLOY / "systemd"
SERVICE, TARGET = "dogansystem-worker@.service", "dogansystem-workers.target"
SUPERVISOR = DEPLOY / "supervisor" / "dogansystem.conf"
BENCH = "/home/frappe/frappe-bench"


def parsed(text: str) -> RawConfigParser:
	parser = RawConfigParser(strict=True, comment_prefixes=("#", ";"), delimiters=("=",))
	parser.optionxform = str  # type: ignore[assignment]
	parser.read_string(text)
	return parser


# systemd


def verify(folder: Path, service: str, target: str) -> str:
	"""What systemd says of the units, on a machine that has no such bench."""
	(folder / SERVICE).write_text(service.replace(f"{BENCH}/env/bin/python", sys.executable))
	(folder / TARGET).write_text(target)
	instance = SERVICE.replace("@", "@1")
	# A unit that it only half understands does not fail the check, so what counts is that it says nothing.
	return run(program("systemd-analyze", "systemd"), "verify", folder / instance, folder / TARGET).stdout


def test_systemd_takes_the_units(tmp_path: Path):
	assert verify(tmp_path, (SYSTEMD / SERVICE).read_text(), (SYSTEMD / TARGET).read_text()) == ""


@pytest.mark.parametrize(
	"old, new, problem",
	[
		("KillMode=mixed", "KillMode=mixd", "kill mode"),
		("TimeoutStopSec=1830", "TimeoutStopSec=soon", "time value"),
		("Restart=always", "Restart=forever", "restart"),
		("OOMPolicy=continue", "OOMPolice=continue", "Unknown key"),
		("ExecStart=/home", "ExecStart=/nowhere", "not executable"),
		("[Service]", "[Servce]", "Unknown section"),
	],
)
def test_systemd_notices_a_broken_copy(tmp_path: Path, old: str, new: str, problem: str):
	service = broken((SYSTEMD / SERVICE).read_text(), old, new)
	assert problem in verify(tmp_path, service, (SYSTEMD / TARGET).read_text())


def test_systemd_notices_a_broken_target(tmp_path: Path):
	target = broken((SYSTEMD / TARGET).read_text(), "[Unit]", "[Unit]\nAllowIsolat=yes")
	assert "Unknown key" in verify(tmp_path, (SYSTEMD / SERVICE).read_text(), target)


def systemd_problems(text: str) -> Iterator[str]:
	unit = parsed(text)
	service = unit["Service"]
	command = shlex.split(service["ExecStart"])
	if queue_of(command) != QUEUE or "worker" not in command:
		yield f"nobody works on {QUEUE}"
	if service.get("KillMode") != "mixed":
		yield "the job gets SIGTERM as well as its worker"
	if seconds(service.get("TimeoutStopSec", 90)) < GRACE:
		yield "a step can take longer than the worker may need to stop"
	if service.get("OOMPolicy") != "continue":
		yield "a job without memory takes its worker with it"
	if not unit["Unit"].get("PartOf") == unit["Install"].get("WantedBy") == TARGET:
		yield "the target does not start and stop it"


def test_the_rules_for_systemd_hold():
	assert list(systemd_problems((SYSTEMD / SERVICE).read_text())) == []


@pytest.mark.parametrize(
	"old, new, problem",
	[
		("--queue dogansystem", "--queue long", "nobody works"),
		("KillMode=mixed\n", "", "as well as its worker"),
		("TimeoutStopSec=1830", "TimeoutStopSec=20min", "a step can take"),
		("OOMPolicy=continue\n", "", "without memory"),
		("PartOf=dogansystem-workers.target\n", "", "the target"),
	],
)
def test_a_unit_that_breaks_a_rule_is_noticed(old: str, new: str, problem: str):
	assert problem in " ".join(systemd_problems(broken((SYSTEMD / SERVICE).read_text(), old, new)))


def verified(folder: Path, name: str, text: str) -> str:
	"""What systemd says of a unit that belongs to the target, beside the workers' own."""
	(folder / SERVICE).write_text(
		(SYSTEMD / SERVICE).read_text().replace(f"{BENCH}/env/bin/python", sys.executable)
	)
	(folder / TARGET).write_text((SYSTEMD / TARGET).read_text())
	(folder / name).write_text(text.replace(f"{BENCH}/env/bin/python", sys.executable))
	return run(program("systemd-analyze", "systemd"), "verify", folder / name).stdout


# supervisor


def supervised(folder: Path, text: str) -> str:
	"""What supervisor makes of the program: the names of its processes, or its error. Nothing of it is started."""
	text = text.replace("autostart=true", "autostart=false").replace("user=frappe\n", "")
	text = text.replace(BENCH + "/logs", str(folder)).replace(BENCH, str(folder))
	server = (
		f"[supervisord]\nnodaemon=true\nlogfile={folder}/log\npidfile={folder}/pid\nchildlogdir={folder}\n"
	)
	control = f"[unix_http_server]\nfile={folder}/s\n[supervisorctl]\nserverurl=unix://{folder}/s\n"
	remote = "[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface\n"
	main = folder / "supervisord.conf"
	main.write_text(server + control + remote + text)
	command = [PROGRAMS / "supervisord", "-c", main]
	daemon = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
	try:
		while daemon.poll() is None and not (folder / "s").exists():
			time.sleep(0.05)
		if daemon.poll() is None:
			return run(PROGRAMS / "supervisorctl", "-c", main, "status").stdout
	finally:
		daemon.terminate()
		output, _ = daemon.communicate(timeout=20)
	return output


@pytest.fixture
def short(tmp_path_factory: pytest.TempPathFactory) -> Path:
	"""A folder whose name is short enough for a socket."""
	return tmp_path_factory.mktemp("s")


def test_supervisor_takes_the_program(short: Path):
	status = supervised(short, SUPERVISOR.read_text())
	assert status.count("STOPPED") == Settings().num_workers
	assert "dogansystem-worker:dogansystem-worker-0 " in status


@pytest.mark.parametrize(
	"old, new, problem",
	[
		("stopsignal=TERM", "stopsignal=TERMINATE", "not a valid signal name"),
		("stopwaitsecs=1830", "stopwaitsecs=", "invalid literal for int()"),
		("%(process_num)d", "", "process_num"),
		("killasgroup=true", "killasgroup=perhaps", "not a valid boolean"),
		("[program:dogansystem-worker]", "[programm:dogansystem-worker]", ""),
	],
)
def test_supervisor_refuses_a_broken_copy(short: Path, old: str, new: str, problem: str):
	said = supervised(short, broken(SUPERVISOR.read_text(), old, new))
	assert "STOPPED" not in said and problem in said


def supervisor_problems(text: str) -> Iterator[str]:
	section = parsed(text)["program:dogansystem-worker"]
	if queue_of(shlex.split(section["command"])) != QUEUE:
		yield f"nobody works on {QUEUE}"
	if section.get("stopsignal", "TERM") != "TERM" or section.getboolean("stopasgroup"):
		yield "the job gets the signal as well as its worker"
	if int(section.get("stopwaitsecs", "10")) < GRACE:
		yield "a step can take longer than the worker may need to stop"
	if not section.getboolean("killasgroup"):
		yield "a job may outlive its worker"


def test_the_rules_for_supervisor_hold():
	assert list(supervisor_problems(SUPERVISOR.read_text())) == []


@pytest.mark.parametrize(
	"old, new, problem",
	[
		("--queue dogansystem", "--queue default", "nobody works"),
		("stopasgroup=false", "stopasgroup=true", "as well as its worker"),
		("stopwaitsecs=1830", "stopwaitsecs=360", "a step can take"),
		("killasgroup=true", "killasgroup=false", "outlive"),
	],
)
def test_a_program_that_breaks_a_rule_is_noticed(old: str, new: str, problem: str):
	assert problem in " ".join(supervisor_problems(broken(SUPERVISOR.read_text(), old, new)))
