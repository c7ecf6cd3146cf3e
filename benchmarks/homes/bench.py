"""A bench: a temporary site beside it, on which `homes.site` measures.

`python -m benchmarks.homes.bench BENCH_FOLDER OUT [--quick]` with the bench's own Python, as the runner calls it.
`measure` is for the runner, whose Python knows no Frappe.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.report import Figure, figures_of, say

CHECKOUT = Path(__file__).resolve().parents[2]


class NoBench(Exception):
	"""Why nothing can be measured on a bench, in one line."""


def measure(quick: bool, program: str = "benchmarks.homes.bench") -> list[Figure]:
	"""The figures of a site of the bench that BENCH_DIRS names first, or ~/frappe-bench, by a program like this one. Raises NoBench."""
	folder = Path(
		os.environ.get("BENCH_DIRS", "").partition(" ")[0] or Path.home() / "frappe-bench"
	).absolute()
	python = folder / "env" / "bin" / "python"
	if not ((folder / "sites").is_dir() and os.access(python, os.X_OK)):
		raise NoBench(f"none at {folder}; set BENCH_DIRS to one")
	with tempfile.TemporaryDirectory() as temporary:
		out = Path(temporary) / "figures.json"
		_run(program, python, folder, out, ["--quick"] if quick else [])
		data = json.loads(out.read_text())
	if "unusable" in data:
		raise NoBench(data["unusable"])
	return figures_of(data["figures"])


def _run(program: str, python: Path, folder: Path, out: Path, options: Sequence[str]) -> None:
	environment = os.environ | {"PYTHONPATH": str(CHECKOUT), "PYTHONDONTWRITEBYTECODE": "1"}
	known = subprocess.run(
		[python, "-c", "import tests.bench.place"],
		cwd=CHECKOUT,
		env=environment,
		capture_output=True,
		text=True,
	)
	if known.returncode:
		raise NoBench(
			f"its Python does not import Frappe's own requirements: {known.stderr.splitlines()[-1]}"
		)
	ended = subprocess.run(
		[python, "-m", program, folder, out, *options],
		cwd=CHECKOUT,
		env=environment,
		stdout=sys.stderr,
	)
	if ended.returncode:
		sys.exit(ended.returncode)  # it has said why


def main(folder: str, out: str, *options: str) -> None:
	"""Make the site, measure on it, take it away again."""
	from tests.bench.place import APP, CommandFailed, temporary_bench
	from tests.bench.server import Unusable

	try:
		say("a site beside the bench")
		with temporary_bench(Path(folder)) as bench:
			bench.frappe("install-app", APP)
			bench.python("-m", "benchmarks.homes.site", out, *options)
	except Unusable as problem:
		Path(out).write_text(json.dumps({"unusable": str(problem)}))
	except CommandFailed as error:
		sys.exit(f"Failed: {error}")


if __name__ == "__main__":
	main(*sys.argv[1:])
