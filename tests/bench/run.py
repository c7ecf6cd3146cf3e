"""Everything that is tested on a real site, one after another: `python -m tests.bench.run BENCH_FOLDER [MODULE…]`.

Run by script/test-on-bench with the bench's own Python. Exit 0: passed. 75: the bench cannot be used; why stands, in one
line, in the file that the environment names as BENCH_PROBLEM_FILE. Anything else: failed.

With DOGAN_BENCH_SHORT the tests of scaling, faults and actions on ERPNext are left out, and those of some pages of the
desk. With DOGAN_BENCH_WAITS the site is made at once and tested when a line is read; if none comes, nothing is.
DOGAN_BENCH_PART names one of PARTS, so that two processes, each with a site of its own, test one each.
"""

import os
import re
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.bench import leftovers
from tests.bench.assets import build_assets, why_no_desk
from tests.bench.place import APP, Bench, CommandFailed, temporary_bench
from tests.bench.server import Unusable
from tests.bench.upgrade import upgrade

CANNOT_BE_USED = 75  # EX_TEMPFAIL
DESK = sorted(each.stem for each in Path(__file__).parent.glob("test_desk*.py"))  # they need the app's assets
DESK_IN_SHORT = (
	"test_desk",
	"test_desk_canvas",
	"test_desk_inbox",
	"test_desk_try",
	"test_desk_versions",
	"test_desk_watched",
)
TRIED = ("test_proving", "test_rehearsal", "test_agent_invoices", "test_injections")
TEMPLATES = ("test_templates", "test_templates_trade", "test_templates_people", "test_templates_agents")


def main(folder: str, *modules: str) -> int:
	"""Test everything, or only some modules of `tests.bench`."""
	signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # unwind, so that nothing is left behind
	try:
		with ExitStack() as stack:
			began = time.monotonic()
			bench = stack.enter_context(temporary_bench(Path(folder).resolve()))
			took = time.monotonic() - began
			if os.environ.get("DOGAN_BENCH_WAITS") and not sys.stdin.readline():
				return 0
			print(f"-- A site of its own: {took:.0f} s", flush=True)
			test_only(bench, modules) if modules else test(bench)
	except Unusable as problem:
		Path(os.environ["BENCH_PROBLEM_FILE"]).write_text(f"{problem}\n")
		return CANNOT_BE_USED
	except CommandFailed as error:
		print(f"Failed: {error}", file=sys.stderr)
		return 1
	return 0


def test(bench: Bench) -> None:
	"""Raises CommandFailed at the first thing that does not pass."""
	print(f"  with {', '.join(bench.apps)}", flush=True)
	before = leftovers.look(bench)
	part = os.environ.get("DOGAN_BENCH_PART", "")
	if part != "outside":
		with said("Upgrades"):
			upgrade(bench)
	with said("install-app"):
		bench.frappe("install-app", APP)
	if part != "outside":
		with said("migrate, twice"):
			bench.frappe("migrate")
			bench.frappe("migrate")
	bench.frappe("set-config", "allow_tests", "true")
	serve(bench)
	for each in [part] if part else PARTS:
		PARTS[each](bench)
	if not os.environ.get("DOGAN_BENCH_SHORT"):
		test_scaling_and_faults(bench)
	with said("uninstall-app"):
		bench.frappe("uninstall-app", APP, "--yes", "--no-backup")
		if found := leftovers.of(before, leftovers.look(bench)):
			raise CommandFailed("uninstall-app left:\n" + "\n".join(f"  {each}" for each in found))
	# Last: it makes a company, and ERPNext adds fields for its country.
	if "erpnext" in bench.apps and not os.environ.get("DOGAN_BENCH_SHORT"):
		with said("install-app once more, and ERPNext's own documents"):
			bench.frappe("install-app", APP)
			unit_tests(bench, "tests.bench.test_erpnext")
			for module in (*TEMPLATES, *TRIED):
				unit_tests(bench, f"tests.bench.{module}")


def test_inside(bench: Bench) -> None:
	"""What runs within the site's own Python."""
	with said(f"run-tests --app {APP}"):
		run_tests(bench)


def test_outside(bench: Bench) -> None:
	"""What comes from outside of it: other programs, workers, people."""
	with said("The API over a socket"):
		unit_tests(bench, "tests.bench.test_http")
		unit_tests(bench, "tests.bench.test_webhooks")
		unit_tests(bench, "tests.bench.test_mcp")
	with said("Workers and scheduler"):
		unit_tests(bench, "tests.bench.test_workers")
		unit_tests(bench, "tests.bench.test_schedulers")
		unit_tests(bench, "tests.bench.test_due")
		unit_tests(bench, "tests.bench.test_adopt")
		unit_tests(bench, "tests.bench.test_alive")
		unit_tests(bench, "tests.bench.test_series")
	with said("The desk"):
		test_desk(bench, DESK_IN_SHORT if os.environ.get("DOGAN_BENCH_SHORT") else DESK)


PARTS: dict[str, Callable[[Bench], None]] = {"inside": test_inside, "outside": test_outside}


def test_scaling_and_faults(bench: Bench) -> None:
	"""What hardly depends on Frappe's version, and takes minutes."""
	with said("Scaling"):
		unit_tests(bench, "tests.bench.test_scale")
		unit_tests(bench, "tests.bench.test_drain")
		unit_tests(bench, "tests.bench.test_load")
		unit_tests(bench, "tests.bench.test_advice")
	with said("Faults"):
		unit_tests(bench, "tests.bench.test_faults")
		unit_tests(bench, "tests.bench.test_backup")


def test_only(bench: Bench, modules: Sequence[str]) -> None:
	"""Install the app and run these modules. `upgrade`, `run-tests` and `test_desk` are what they are in `test`."""
	if "upgrade" in modules:
		with said("Upgrades"):
			upgrade(bench)
	others = [module for module in modules if module != "upgrade"]
	if not others:
		return
	bench.frappe("install-app", APP)
	bench.frappe("set-config", "allow_tests", "true")
	serve(bench)
	for module in others:
		with said(module):
			if module == "run-tests":
				run_tests(bench)
			elif module in ("test_desk", *DESK):
				test_desk(bench, DESK if module == "test_desk" else [module])
			else:
				unit_tests(bench, f"tests.bench.{module}")


def serve(bench: Bench) -> None:
	"""Start the web server, with the app's assets where they can be built: Frappe 17's keeps in mind where they were."""
	if not why_no_desk(bench):
		build_assets(bench)
	bench.serve()


def run_tests(bench: Bench) -> None:
	output = bench.frappe("run-tests", "--app", APP, quiet=False)  # `tests.outcome` makes it end with 1
	ran = re.findall(r"^Ran (\d+) tests? in", output, re.MULTILINE)
	if sum(map(int, ran)) == 0:
		raise CommandFailed("run-tests found no tests")


def unit_tests(bench: Bench, module: str) -> None:
	bench.python("-m", "unittest", "--verbose", module)


def test_desk(bench: Bench, modules: Sequence[str] = DESK) -> None:
	reason = why_no_desk(bench)
	if reason:
		print(f"Left out: the desk: {reason}", flush=True)
		return
	for module in modules:
		unit_tests(bench, f"tests.bench.{module}")


@contextmanager
def said(what: str) -> Iterator[None]:
	"""Print what is being done and how long it took."""
	print(f"-- {what}", flush=True)
	started = time.monotonic()
	yield
	print(f"-- {what}: {time.monotonic() - started:.0f} s", flush=True)


if __name__ == "__main__":
	sys.exit(main(*sys.argv[1:]))
