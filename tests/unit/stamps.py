"""Gives the app's JSON files a newer `modified` when they have changed: `python -m tests.unit.stamps`.

Frappe brings a DocType, page or workspace to a site only if its file is stamped later than what the site has. stamps.json
keeps, for each file, a checksum of everything but the stamp, and the stamp it had then; test_stamps.py compares.
"""

import hashlib
import json
from datetime import datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
MANIFEST = Path(__file__).with_name("stamps.json")

Stamps = dict[str, tuple[str, str]]


def files() -> dict[str, Path]:
	"""The files that Frappe reads at migrate, by their path in the app."""
	app = ROOT / "dogansystem"
	folders = (app / "dogansystem", app / "workspace_sidebar", app / "desktop_icon")
	found = [path for folder in folders for path in sorted(folder.rglob("*.json"))]
	return {str(path.relative_to(ROOT)): path for path in found if "modified" in json.loads(path.read_text())}


def found() -> Stamps:
	"""Checksum and stamp of each file as it is."""
	return {name: _stamp_of(json.loads(path.read_text())) for name, path in files().items()}


def known() -> Stamps:
	"""Checksum and stamp of each file as stamps.json has them."""
	return {name: (checksum, stamp) for name, (checksum, stamp) in json.loads(MANIFEST.read_text()).items()}


def unstamped(before: Stamps, now: Stamps) -> list[str]:
	"""The files that changed without a newer stamp, and those that are new or gone and not in stamps.json."""
	return [
		name
		for name in sorted({*before, *now})
		if name not in before
		or name not in now
		or (before[name] != now[name] and not _is_newer(before[name], now[name]))
	]


def _is_newer(before: tuple[str, str], now: tuple[str, str]) -> bool:
	return now[1] > before[1]


def _stamp_of(content: dict[str, Any]) -> tuple[str, str]:
	stamp = content.pop("modified")
	return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16], stamp


def main() -> None:
	"""Stamp what has changed and write stamps.json anew."""
	before = known() if MANIFEST.exists() else {}
	for name in unstamped(before, found()):
		if name in before and (path := files().get(name)):
			content = json.loads(path.read_text())
			content["modified"] = datetime.now().strftime("%Y-%m-%d %H:%M:%S.%f")
			path.write_text(json.dumps(content, indent=1, ensure_ascii=False))
			print(name)
	MANIFEST.write_text(json.dumps(found(), indent="\t") + "\n")


if __name__ == "__main__":
	main()
