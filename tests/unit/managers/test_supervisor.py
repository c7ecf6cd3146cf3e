"""Supervisor itself, with a program in the place of the workers: which processes go on and which are new."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dogansystem.homes.bench.managers import ManagerError
from dogansystem.homes.bench.supervisor import Known, Supervisor, known, orders
from tests.integration.deploy.files import PROGRAMS

# The command line of a worker, of a process that leaves at once when it is told to.
WORKER = "/bin/sh -c 'trap exit TERM; while sleep 0.1; do :; done' worker --queue dogansystem"
NAME = "b-frappe-dogansystem-worker"
CONFIG = """[unix_http_server]
file={folder}/s
[supervisorctl]
serverurl=unix://{folder}/s
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[supervisord]
nodaemon=true
logfile={folder}/log
pidfile={folder}/pid
[include]
files=config/*.conf
"""
PROGRAM = """[program:{name}]
command={command}
directory={folder}
startsecs=0
numprocs=2
process_name=%(program_name)s-%(process_num)d
[program:b-frappe-long-worker]
command=/bin/sleep 1000
startsecs=0
[group:b-workers]
programs={name},b-frappe-long-worker
"""


@pytest.fixture
def bench(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
	"""A folder with a supervisor of its own, which runs two workers; its name is short enough for a socket."""
	folder = tmp_path_factory.mktemp("s")
	(folder / "config").mkdir()
	(folder / "supervisord.conf").write_text(CONFIG.format(folder=folder))
	text = PROGRAM.format(folder=folder, name=NAME, command=WORKER)
	(folder / "config" / "supervisor.conf").write_text(text)
	monkeypatch.setenv("PATH", str(PROGRAMS), prepend=":")
	daemon = subprocess.Popen(
		[PROGRAMS / "supervisord", "-c", "supervisord.conf"], cwd=folder, stdout=subprocess.PIPE
	)
	try:
		until = time.monotonic() + 20
		while not running(folder) and time.monotonic() < until:
			time.sleep(0.1)
		yield folder
	finally:
		daemon.terminate()
		daemon.communicate(timeout=20)


def running(folder: Path) -> dict[str, str]:
	"""The processes that run, with their numbers."""
	command = [PROGRAMS / "supervisorctl", "status"]
	said = subprocess.run(command, cwd=folder, capture_output=True, text=True).stdout
	rows = [line.split() for line in said.splitlines() if " RUNNING " in line]
	return {row[0]: row[3].rstrip(",") for row in rows}


def scale(folder: Path, wanted: int, room: int = 0) -> list[str]:
	"""Do what `scale` does with supervisor; gives what it was told."""
	supervisor = Supervisor(folder, folder / "none")
	assert supervisor.problem() is None
	supervisor.file(wanted, room or wanted).apply()
	told = supervisor.orders(wanted, room or wanted)
	for order in told:
		supervisor.carry_out(order)
	assert supervisor.running() == wanted
	return [str(order) for order in told]


def test_more_workers_than_supervisor_knows_are_a_new_group_and_fewer_are_stopped_alone(bench: Path):
	before = running(bench)
	assert len(before) == 3
	assert scale(bench, 4) == ["supervisorctl update b-workers"]
	four = running(bench)
	assert len(four) == 5 and not set(four.values()) & set(before.values())

	assert scale(bench, 1) == [
		f"supervisorctl stop {' '.join(f'b-workers:{NAME}-{number}' for number in (1, 2, 3))}"
	]
	one = running(bench)
	assert one == {name: four[name] for name in (f"b-workers:{NAME}-0", "b-workers:b-frappe-long-worker")}

	assert scale(bench, 3) == [f"supervisorctl start b-workers:{NAME}-1 b-workers:{NAME}-2"]
	assert one.items() <= running(bench).items()


def test_with_room_nothing_is_restarted_later(bench: Path):
	told = scale(bench, 2, room=5)
	assert told[0] == "supervisorctl update b-workers" and told[1].startswith("supervisorctl stop")
	two = running(bench)
	assert scale(bench, 5, room=5) == [
		f"supervisorctl start {' '.join(f'b-workers:{NAME}-{number}' for number in (2, 3, 4))}"
	]
	assert two.items() <= running(bench).items()


def test_what_supervisor_refuses_is_an_error_with_its_words(bench: Path):
	(bench / "config" / "broken.conf").write_text("[program:broken]\nnumprocs=two\ncommand=/bin/true\n")
	supervisor = Supervisor(bench, bench / "none")
	supervisor.file(3, 3).apply()
	with pytest.raises(ManagerError, match=r"`supervisorctl update b-workers` said: .*invalid literal"):
		for order in supervisor.orders(3, 3):
			supervisor.carry_out(order)


def test_a_supervisor_that_does_not_answer_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
	monkeypatch.setenv("PATH", str(PROGRAMS), prepend=":")
	(tmp_path / "supervisord.conf").write_text(CONFIG.format(folder=tmp_path))
	assert "no such file" in str(Supervisor(tmp_path, tmp_path).problem())


STATUS = """frappe-bench-workers:frappe-bench-frappe-dogansystem-worker-0    RUNNING   pid 12, uptime 0:00:06
frappe-bench-workers:frappe-bench-frappe-dogansystem-worker-10   STOPPED   Nov 25 12:00 PM
frappe-bench-workers:frappe-bench-frappe-dogansystem-worker-2    FATAL     Exited too quickly
frappe-bench-workers:frappe-bench-frappe-long-worker-0           RUNNING   pid 13, uptime 0:00:06
other-workers:frappe-bench-frappe-dogansystem-worker-1           RUNNING   pid 14, uptime 0:00:06
"""


def test_the_processes_of_our_program_are_known_by_their_numbers():
	group, name = "frappe-bench-workers", "frappe-bench-frappe-dogansystem-worker"
	assert known(STATUS, group, name) == [
		Known(f"{group}:{name}-0", 0, True),
		Known(f"{group}:{name}-2", 2, False),
		Known(f"{group}:{name}-10", 10, False),
	]


def test_a_single_process_has_its_program_s_name():
	assert known("w   RUNNING   pid 1, uptime 0:00:06", "w", "w") == [Known("w", 0, True)]


def test_those_that_run_go_on_whichever_they_are():
	processes = [
		Known("g:p-0", 0, True),
		Known("g:p-1", 1, False),
		Known("g:p-2", 2, True),
		Known("g:p-3", 3, False),
	]
	assert orders(processes, 2, 4, "g", "p") == []
	assert [str(each) for each in orders(processes, 3, 4, "g", "p")] == ["supervisorctl start g:p-1"]
	assert [str(each) for each in orders(processes, 1, 4, "g", "p")] == ["supervisorctl stop g:p-2"]


def test_one_that_still_finishes_its_step_is_started_last():
	processes = [Known("g:p-0", 0, True), Known("g:p-1", 1, False, leaves=True), Known("g:p-2", 2, False)]
	assert [str(each) for each in orders(processes, 2, 3, "g", "p")] == ["supervisorctl start g:p-2"]


def test_nothing_to_do_is_nothing_told():
	processes = [Known("g:p-0", 0, True), Known("g:p-1", 1, False)]
	assert orders(processes, 1, 1, "g", "p") == []
