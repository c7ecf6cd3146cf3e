"""`bench … dogansystem scale` on a bench under a real supervisor, and under what cannot be told anything from here."""

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, ClassVar

import frappe
from click.testing import CliRunner, Result

from dogansystem.commands import dogansystem
from dogansystem.homes.bench.systemd import RUNS, UNIT
from dogansystem.tests.contract.home import step
from tests.bench.load import LoadTestCase
from tests.bench.supervisord import (
	Supervisord,
	bench_start,
	make_bench,
	supervised,
	wait_for_workers,
	why_not,
)
from tests.bench.test_workers import MARK as SLOW_MARK
from tests.bench.test_workers import SLOW

ROOT = Path(os.environ.get("FRAPPE_BENCH_ROOT", "."))
CONFIG = ROOT / "sites" / "common_site_config.json"
WRITTEN = ROOT / "config" / "supervisor.conf"
RECORD = ROOT / "config" / "dogansystem-scale.json"
FILES = (CONFIG, WRITTEN)
RUNS_AT_A_TIME = 12
PATIENCE = 180.0  # seconds, on a machine that others use as well
LOCK = "contract slow"


def in_a_shell(
	arguments: Sequence[str], environment: Mapping[str, str]
) -> "subprocess.CompletedProcess[str]":
	"""`bench --site SITE dogansystem …`, as it is started from a shell."""
	words = ("-W", "ignore", "-m", "frappe.utils.bench_helper", "frappe", "--site", frappe.local.site)
	return subprocess.run(
		[sys.executable, *words, "dogansystem", *arguments],
		env=os.environ | environment,
		capture_output=True,
		text=True,
	)


def in_a_thread(arguments: Sequence[str]) -> Result:
	"""The same command in this process, in a thread that has a Frappe of its own."""
	found: list[Result] = []
	site = frappe.local.site

	def run() -> None:
		context = {"sites": [site], "profile": False, "force": False, "verbose": False}
		found.append(CliRunner(mix_stderr=False).invoke(dogansystem, arguments, obj=context))

	thread = threading.Thread(target=run)
	thread.start()
	thread.join()
	return found[0]


class ScaleTestCase(LoadTestCase):
	settings = LoadTestCase.settings | {"lease_seconds": 10}

	def command(
		self, *arguments: str, code: int = 0, shell: bool = False, **environment: str
	) -> "Result | subprocess.CompletedProcess[str]":
		"""Run a command of ours, and look at its exit code. `shell`: as bench would start it, which takes some seconds."""
		done = in_a_shell(arguments, environment) if shell or environment else in_a_thread(arguments)
		found = done.returncode if isinstance(done, subprocess.CompletedProcess) else done.exit_code
		self.assertEqual(found, code, done.stdout + done.stderr)
		frappe.db.rollback()
		return done

	def scale(self, *arguments: str, **rest: Any) -> "Result | subprocess.CompletedProcess[str]":
		return self.command("scale", *arguments, **rest)

	def scaled(self, *arguments: str, **rest: Any) -> dict[str, Any]:
		return json.loads(self.scale(*arguments, "--json", **rest).stdout)

	def setting(self, name: str) -> int:
		frappe.db.rollback()
		return int(frappe.db.get_single_value("Dogan Settings", name, cache=False))

	def state(self) -> tuple[Any, ...]:
		"""Everything that a scale may change, other than processes."""
		files = [path.read_bytes() if path.exists() else None for path in (*FILES, ROOT / "Procfile", RECORD)]
		return (*files, self.setting("num_workers"), self.setting("max_agents"))


class TestUnderSupervisor(ScaleTestCase):
	daemon: ClassVar[Supervisord]

	@classmethod
	def setUpClass(cls) -> None:
		super().setUpClass()
		if reason := why_not():
			cls.skipTest(cls, reason)
		stack = ExitStack()
		cls.addClassCleanup(stack.close)
		cls.daemon = stack.enter_context(supervised(ROOT, 2))

	def setUp(self) -> None:
		super().setUp()
		self.set_settings(num_workers=2, max_agents=20)
		self.addCleanup(RECORD.unlink, missing_ok=True)
		self.addCleanup((ROOT / "config" / "dogansystem-autoscale.json").unlink, missing_ok=True)

	def test_from_two_to_four_workers_and_back_under_load_nothing_is_lost(self):
		before, others = self.state(), self.others()
		said = self.scale("--workers", "4", "--agents", "50", "--dry-run").stdout
		self.assertIn("supervisorctl update", said)
		self.assertIn("set num_workers to 4", said)
		self.assertEqual((self.state(), self.others()), (before, others), "a dry run changes nothing")

		self.start_some(RUNS_AT_A_TIME)
		found = self.scaled("--workers", "4", "--agents", "50", shell=True)
		self.assertEqual((found["under"], found["wanted"], found["alive"]), ("supervisor", 4, 4))
		self.assertEqual((self.setting("num_workers"), self.setting("max_agents")), (4, 50))
		self.assertEqual(json.loads(CONFIG.read_bytes())["workers"]["dogansystem"]["background_workers"], 4)
		self.assertEqual(WRITTEN.read_bytes(), before[1].replace(b"numprocs=2\n", b"numprocs=4\n"))
		four = self.daemon.processes()

		self.start_some(RUNS_AT_A_TIME)
		found = self.scaled("--undo")
		self.assertEqual((found["wanted"], found["alive"]), (2, 2))
		self.assertEqual(self.state(), before, "byte for byte")
		two = self.daemon.processes()
		self.assertEqual(two.items() - four.items(), set(), "nobody was restarted to have fewer")
		self.assertEqual(len(two), len(others) + 2)

		self.start_some(RUNS_AT_A_TIME)
		self.assertEqual(self.scaled("--workers", "4")["alive"], 4)
		self.assertLessEqual(two.items(), self.daemon.processes().items(), "those that were there went on")
		self.wait_until_done(PATIENCE)
		self.assert_right("bench: scale 2, 4, 2, 4 under supervisor", workers=4)
		self.scale("--undo")

	def others(self) -> dict[str, int]:
		return {
			name: pid for name, pid in self.daemon.processes().items() if not name.startswith("dogansystem-")
		}

	def test_the_autoscaler_follows_the_work_and_restarts_nobody(self):
		before = self.state()
		self.assertEqual(self.autoscaled(dry_run=True)["workers"], 2)
		self.assertEqual(self.state(), before, "a dry run changes nothing")
		self.assertEqual(self.autoscaled()["workers"], 2)
		self.assertEqual(self.setting("num_workers"), 5)
		self.assertIn(b"numprocs=5\n", WRITTEN.read_bytes())
		two = self.daemon.processes()

		self.hold_up()
		runs = [self.slow_run() for _ in range(30)]
		self.wait_for(lambda: frappe.db.sql("SELECT 1 FROM dogan_lease WHERE begun_at IS NOT NULL"))
		found = self.autoscaled()
		self.assertEqual((found["workers_before"], found["workers"]), (2, 4), found["why"])
		self.assertLessEqual(two.items(), self.daemon.processes().items(), "those that were there went on")
		self.let_go()
		self.wait_until_done(PATIENCE)
		self.assertEqual({self.run_of(run)["status"] for run in runs}, {"Succeeded"})
		self.assertEqual(len(self.todos(f"{SLOW_MARK} effect")), len(runs))

		four = self.daemon.processes()
		self.assertEqual(self.autoscaled()["workers"], 4, "until now they were wanted")
		found = self.autoscaled()
		self.assertEqual((found["workers_before"], found["workers"]), (4, 3), found["why"])
		self.wait_for(lambda: len(self.daemon.workers()) == 3)
		self.assertLess(self.daemon.processes().items(), four.items())
		self.assertEqual(self.autoscaled()["workers"], 3, "the next ones go a minute later")
		self.scale("--undo")
		self.assertEqual(self.state(), before)
		self.assertEqual(len(self.daemon.workers()), 2)

	def hold_up(self) -> None:
		"""Have slow steps work until `let_go`, or until the test has failed."""
		self.holder = self.site.open_control()
		self.addCleanup(self.holder.close)
		self.holder.sql("SELECT GET_LOCK(%s, 0)", (LOCK,))
		self.holder.commit()

	def let_go(self) -> None:
		self.holder.close()

	def slow_run(self) -> str:
		"""Start a run whose step works as long as it is held up."""
		arguments = {"until": "{{ input.until }}", "lock": LOCK}
		slow = step("slow", "method.call", params={"method": SLOW, "args": arguments})
		return self.start(self.save("contract-slow", [slow]), {"until": time.time() + PATIENCE})

	def autoscaled(self, dry_run: bool = False) -> dict[str, Any]:
		"""What one look has led to."""
		bounds = ("--floor", "2", "--ceiling", "5", "--cooldown", "0")
		rest = ("--dry-run",) if dry_run else ()
		done = self.command("autoscale", *bounds, "--once", "--json", *rest)
		return json.loads(done.stdout)

	def test_what_supervisor_refuses_is_taken_back_in_files_and_settings(self):
		before = self.state()
		broken = ROOT / "config" / "supervisor.conf"
		main = ROOT / "supervisord.conf"
		text = main.read_text()
		self.addCleanup(main.write_text, text)
		(ROOT / "config" / "broken.conf").write_text("[program:broken]\nnumprocs=two\ncommand=/bin/true\n")
		main.write_text(
			text.replace("files=config/supervisor.conf", "files=config/supervisor.conf config/broken.conf")
		)
		done = self.scale("--workers", "6", code=3)
		self.assertIn("`supervisorctl update", done.stderr)
		self.assertIn("taken back", done.stdout)
		self.assertEqual(self.state(), before)
		self.assertTrue(broken.exists())
		self.assertEqual(len(self.daemon.workers()), 2)

	def test_without_the_right_to_tell_supervisor_it_prints_what_to_run(self):
		before = self.state()
		socket = ROOT / "config" / "s"
		socket.rename(ROOT / "config" / "elsewhere")
		self.addCleanup((ROOT / "config" / "elsewhere").rename, socket)
		said = self.scale("--workers", "7", code=3).stderr
		self.assertIn("scale --workers 7 --no-restart", said)
		self.assertIn("sudo supervisorctl update", said)
		self.assertEqual(self.state(), before)

	def test_undo_keeps_what_somebody_else_has_written_since(self):
		self.scale("--workers", "1")
		values = json.loads(CONFIG.read_text()) | {"added": "since"}
		CONFIG.write_text(json.dumps(values, indent=1, sort_keys=True))
		self.set_settings(max_agents=33)
		said = self.scale("--undo").stdout
		self.assertIn("changed since", said)
		now = json.loads(CONFIG.read_text())
		self.assertEqual(
			(now.pop("added"), now["workers"]["dogansystem"]["background_workers"]), ("since", 2)
		)
		self.assertEqual((self.setting("num_workers"), self.setting("max_agents")), (2, 33))
		self.assertIn(b"numprocs=2\n", WRITTEN.read_bytes())
		self.assertEqual(len(self.daemon.workers()), 2)
		CONFIG.write_text(json.dumps(now, indent=1, sort_keys=True))


class ProcfileTestCase(ScaleTestCase):
	def setUp(self) -> None:
		super().setUp()
		self.procfile = ROOT / "Procfile"
		self.procfile.write_text("worker_dogansystem: bench worker --queue dogansystem 1>> logs/worker.log\n")
		self.addCleanup(self.procfile.unlink)
		self.addCleanup(RECORD.unlink, missing_ok=True)
		self.kept = CONFIG.read_bytes()
		self.addCleanup(CONFIG.write_bytes, self.kept)


class TestUnderBenchStart(ProcfileTestCase):
	def test_the_autoscaler_says_that_it_needs_a_process_manager_that_it_can_tell(self):
		before = self.state()
		self.assertIn("bench setup production", self.command("autoscale", "--once", code=3).stderr)
		self.assertIn("1 <= floor", self.command("autoscale", "--once", "--floor", "0", code=2).stderr)
		self.assertEqual(self.state(), before)

	def test_bench_start_starts_as_many_workers_as_the_procfile_says(self):
		make_bench(ROOT)
		before = self.state()
		found = self.scaled("--workers", "3")
		self.assertEqual((found["under"], found["wanted"], found["alive"]), ("Procfile", 3, 0))
		self.assertEqual(found["left_to_do"], ["Press Ctrl-C where `bench start` runs, and type it again."])
		self.assertIn("worker-pool --queue dogansystem --num-workers 3 ", self.procfile.read_text())
		if not why_not():
			with bench_start(ROOT):
				wait_for_workers(ROOT, 3)
				self.start_some(6)
				self.wait_until_done(PATIENCE)
			self.assert_right("bench: bench start", workers=3)
		self.scale("--undo")
		self.assertEqual(self.state(), before, "byte for byte")


class TestRefusals(ProcfileTestCase):
	def refused(self, *arguments: str, code: int = 3) -> str:
		before = self.state()
		said = self.scale(*arguments, code=code).stderr
		self.assertEqual(self.state(), before)
		return said

	def test_numbers_out_of_bounds_and_orders_that_contradict_each_other(self):
		self.assertIn("1<=x<=256", self.refused("--workers", "0", code=2))
		self.assertIn("--undo", self.refused("--undo", "--workers", "3", code=2))

	def test_more_workers_than_have_room_are_refused_with_the_figures(self):
		allowed = int(frappe.db.sql("SELECT @@max_connections")[0][0])
		self.assertIn("max_connections", self.refused("--workers", str(min(allowed // 2, 256))))

	def test_nothing_to_undo_is_told(self):
		self.assertIn("nothing to undo", self.refused("--undo"))

	def test_a_configuration_that_is_no_json_is_told_and_left(self):
		CONFIG.write_bytes(self.kept + b"}")
		self.assertIn("common_site_config.json cannot be read", self.refused("--workers", "3"))

	def test_agents_alone_take_effect_without_a_restart(self):
		self.set_settings(max_agents=20)
		self.assertIsNone(self.scaled("--agents", "50")["under"])
		self.assertEqual(self.setting("max_agents"), 50)
		self.scale("--undo")
		self.assertEqual(self.setting("max_agents"), 20)

	def test_where_no_systemd_runs_it_prints_what_to_run(self):
		if RUNS.is_dir():
			self.skipTest("systemd runs here, and is not to be told anything")
		folder = ROOT / "units"
		folder.mkdir()
		self.addCleanup(shutil.rmtree, folder)
		unit = (ROOT / "apps/dogansystem/deploy/systemd" / f"{UNIT}@.service").read_text()
		(folder / f"{UNIT}@.service").write_text(unit.replace("/home/frappe/frappe-bench", str(ROOT)))
		before = self.state()
		said = self.scale("--workers", "3", code=3, SYSTEMD_UNIT_PATH=str(folder)).stderr
		self.assertIn("Nothing was changed: systemd is not what runs this machine", said)
		self.assertIn(
			f"sudo systemctl enable --now {' '.join(f'{UNIT}@{number}.service' for number in (1, 2, 3))}",
			said,
		)
		self.assertEqual(self.state(), before)
		done = self.scale("--workers", "3", "--no-restart", SYSTEMD_UNIT_PATH=str(folder))
		self.assertIn("sudo systemctl enable --now", done.stdout)
		self.assertEqual(self.setting("num_workers"), 3)
		self.scale("--undo", "--no-restart", SYSTEMD_UNIT_PATH=str(folder))
		self.assertEqual(self.state()[:-1], (*before[:-2], self.setting("num_workers")))
