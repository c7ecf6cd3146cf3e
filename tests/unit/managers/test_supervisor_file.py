"""Supervisor's configuration as bench writes it: one number in it changes, or one program is added."""

import configparser
from pathlib import Path

import pytest

from dogansystem.homes.bench.managers import ManagerError
from dogansystem.homes.bench.supervisor import SupervisorFile
from dogansystem.homes.frappe.queues import GRACE
from tests.integration.deploy.files import DEPLOY

BENCH = Path("/home/frappe/frappe-bench")


def program(name: str, queue: str, timeout: int) -> str:
	"""A worker's section as bench's template renders it."""
	return f"""[program:frappe-bench-frappe-{name}-worker]
command=/usr/local/bin/bench worker --queue {queue}
priority=4
autostart=true
autorestart=true
stdout_logfile=/home/frappe/frappe-bench/logs/worker.log
user=frappe
stopwaitsecs={timeout}
directory=/home/frappe/frappe-bench
killasgroup=true
numprocs=1
process_name=%(program_name)s-%(process_num)d

"""


LONG = program("long", "long,default,short", 1560)
OURS = program("dogansystem", "dogansystem", 1800)
GROUP = "[group:frappe-bench-workers]\nprograms=frappe-bench-frappe-schedule,frappe-bench-frappe-long-worker"
OURS_TOO = ",frappe-bench-frappe-dogansystem-worker\n\n"
WRITTEN = f"; Notes:\n\n{LONG}{OURS}\n{GROUP}{OURS_TOO}[group:frappe-bench-redis]\nprograms=a\n"


def file(text: str, bench: Path = BENCH) -> SupervisorFile:
	return SupervisorFile(Path("supervisor.conf"), bench, text)


def test_the_program_and_its_group_are_found():
	found = file(WRITTEN)
	assert (found.program, found.group) == ("frappe-bench-frappe-dogansystem-worker", "frappe-bench-workers")


def test_only_the_number_of_processes_of_our_program_changes():
	after = file(WRITTEN).with_processes(4)
	assert (
		after
		== f"; Notes:\n\n{LONG}{OURS.replace('numprocs=1', 'numprocs=4')}\n" + WRITTEN[WRITTEN.index(GROUP) :]
	)
	assert file(after).with_processes(1) == WRITTEN


def test_a_program_that_is_missing_is_added_as_bench_would_add_it():
	without = f"{LONG}\n{GROUP}\n\n"
	after = file(without).with_processes(3)
	expected = OURS.replace("numprocs=1", "numprocs=3").replace("stopwaitsecs=1800", f"stopwaitsecs={GRACE}")
	assert after == f"{LONG}\n{expected}\n{GROUP}{OURS_TOO}"
	configparser.RawConfigParser(strict=True).read_string(after)
	assert file(after).with_processes(3) == after


def test_our_own_program_is_a_group_by_itself():
	found = file((DEPLOY / "supervisor" / "dogansystem.conf").read_text())
	assert (found.program, found.group) == ("dogansystem-worker", "dogansystem-worker")
	assert "numprocs=25\n" in found.with_processes(25)


def test_another_bench_s_program_is_not_ours():
	assert not file(WRITTEN, Path("/home/frappe/other-bench")).has_program


@pytest.mark.parametrize(
	"text, problem",
	[
		("[program:web]\ncommand=gunicorn\n", "bench setup supervisor"),
		(f"{OURS}{OURS.replace('-dogansystem-', '-second-')}", "several programs"),
		(OURS.replace("bench worker ", "bench worker-pool "), "worker-pool"),
	],
)
def test_what_cannot_be_changed_is_refused_with_a_remedy(text: str, problem: str):
	with pytest.raises(ManagerError, match=problem):
		file(text).with_processes(2)


def test_without_process_names_that_differ_supervisor_would_refuse_it():
	after = file(OURS.replace("process_name=%(program_name)s-%(process_num)d\n", "")).with_processes(2)
	assert "process_name=%(program_name)s-%(process_num)d\n" in after
