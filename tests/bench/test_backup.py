"""A site that is backed up and restored in mid-load goes on from where the backup has it, and all of it ends right."""

import os
import secrets
import subprocess
import sys
import unittest
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack
from pathlib import Path

import frappe

from tests import scale
from tests.bench.load import LoadTestCase
from tests.bench.processes import Worker
from tests.bench.server import Server

RUNS = 120


@unittest.skipUnless(scale.ALL, "a restore takes a minute: with --all")
class TestBackup(LoadTestCase):
	def test_a_site_restored_in_mid_load_resumes_consistent(self):
		self.start_some(RUNS)
		with ExitStack() as stack:
			workers = [stack.enter_context(Worker()) for _ in range(2)]
			self.wait_for(lambda: frappe.db.count("Dogan Step Run", {"status": "Succeeded"}) > 30)
			self.back_up_under_load()
			before = set(self.started)
			self.start_some(10)
			for worker in workers:
				worker.terminate()
		self.restore()
		known = frappe.get_all("Dogan Workflow Run", fields=["name", "workflow", "status"])
		unfinished = [run for run in known if run.status != "Succeeded"]
		self.started = {run.name: run.workflow for run in known}
		self.assertGreaterEqual(len(known), RUNS)
		self.assertLessEqual(set(self.started), before)
		self.assertGreater(len(unfinished), 5)
		with Worker():
			took = self.wait_until_done(300)
		self.assert_right(
			"bench: backup and restore in mid-load",
			unfinished_in_backup=len(unfinished),
			seconds=round(took, 1),
		)

	def back_up_under_load(self) -> None:
		"""Start a run for each that ends, until the backup is done: it takes its snapshot in mid-load, however long it needs."""
		with ThreadPoolExecutor(1) as pool:
			backup = pool.submit(bench, "backup")
			while not wait([backup], timeout=0.1).done:
				self.start_some(RUNS - self.unfinished())
			backup.result()

	def restore(self) -> None:
		"""`bench restore` of the newest backup, as an administrator of the database who is there for that only."""
		(backup, *_) = sorted(
			Path(frappe.local.site, "private", "backups").glob("*-database.sql.gz"), reverse=True
		)
		frappe.destroy()
		name, password = f"restore_{secrets.token_hex(4)}", secrets.token_hex(8)
		server = Server.find({})
		server.execute(
			f"CREATE USER '{name}'@'%' IDENTIFIED BY '{password}'",
			f"GRANT ALL ON *.* TO '{name}'@'%' WITH GRANT OPTION",
		)
		try:
			bench(
				"restore", str(backup), "--force", "--db-root-username", name, "--db-root-password", password
			)
		finally:
			server.execute(f"DROP USER '{name}'@'%'")
			frappe.init(site=os.environ["DOGAN_BENCH_SITE"])
			frappe.connect()
			frappe.set_user("Administrator")


def bench(*arguments: str) -> None:
	"""`bench --site SITE …`"""
	command = [
		sys.executable,
		"-m",
		"frappe.utils.bench_helper",
		"frappe",
		"--site",
		os.environ["DOGAN_BENCH_SITE"],
	]
	done = subprocess.run([*command, *arguments], capture_output=True, text=True)
	if done.returncode:
		raise AssertionError(f"{arguments}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
