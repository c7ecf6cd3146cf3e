"""The desk's scripts and styles: those of the bench as they are, ours built anew from this checkout."""

import json
import shutil
import subprocess

from tests.bench.browser import command as browser
from tests.bench.place import APP, Bench, CommandFailed


def why_no_desk(bench: Bench) -> str | None:
	"""Why the desk cannot be opened here, or None."""
	if browser() is None:
		return "no Chromium here; install one or name it in DOGAN_TEST_BROWSER"
	built = bench.sites / "assets" / "assets.json"
	if not built.exists():
		return "the bench's assets are not built; run `bench build` on it"
	if not all(
		(bench.sites / path.lstrip("/")).exists()
		for path in json.loads(built.read_text()).values()
		if _is_of(path, bench)
	):
		return "the bench's assets.json names files that are not there; run `bench build` on it"
	if shutil.which("node") is None or not (bench.root / "apps/frappe/node_modules").is_dir():
		return "no node, or none of the packages that Frappe builds assets with"
	return None


def build_assets(bench: Bench) -> None:
	"""Build this app's bundles into the temporary bench, as `bench build --app` does without touching the others."""
	frappe = (bench.root / "apps" / "frappe").resolve()
	# Where it writes styles on the way, it counts from Frappe's own folder, which is not below this bench. Anywhere less
	# deep that may be the source itself, which the styles from left to right and from right to left then both write.
	deep = bench.root.joinpath("build", *["_"] * len(frappe.parts))
	deep.mkdir(parents=True, exist_ok=True)
	process = subprocess.run(
		["node", "esbuild", "--production", "--apps", APP],
		cwd=frappe,
		env=bench.environment | {"TMPDIR": str(deep)},
		stdin=subprocess.DEVNULL,
		stdout=subprocess.PIPE,
		stderr=subprocess.STDOUT,
		text=True,
		check=False,
	)
	# esbuild's own exit code says little: it is 0 after some failures.
	if f"{APP}.bundle.js" not in json.loads((bench.sites / "assets" / "assets.json").read_text()):
		raise CommandFailed(f"the app's assets could not be built:\n{process.stdout}")


def _is_of(path: str, bench: Bench) -> bool:
	"""Whether an asset belongs to the apps that the temporary bench has from the original one."""
	return path.split("/")[2] in bench.apps
