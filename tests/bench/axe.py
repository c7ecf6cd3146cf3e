"""axe-core in a page: what keeps people with a screen reader or a keyboard from using it.

Its script is looked for in DOGAN_TEST_AXE and in node_modules of this checkout (`npm install --no-save axe-core`).
"""

import os
from pathlib import Path
from typing import Any

from tests.bench.browser import Browser
from tests.bench.place import CHECKOUT

SERIOUS = ("serious", "critical")
_RUN = """axe.run(%s, {resultTypes: ["violations"]}).then(({violations}) => violations
	.filter((each) => %s.includes(each.impact))
	.map((each) => each.id + ": " + each.nodes.map((node) => node.html.slice(0, 200) + " " + (node.failureSummary || "")).join(" | ")))"""


def script() -> Path | None:
	"""Where axe-core is, or None."""
	given = os.environ.get("DOGAN_TEST_AXE")
	places = [Path(given)] if given else [Path(CHECKOUT) / "node_modules" / "axe-core" / "axe.min.js"]
	return next((each for each in places if each.is_file()), None)


def findings(browser: Browser, within: str) -> list[str]:
	"""What is serious within the elements of a selector. Raises LookupError where axe-core is not to be had."""
	path = script()
	if path is None:
		raise LookupError(
			"no axe-core here; run `npm install --no-save axe-core`, or name it in DOGAN_TEST_AXE"
		)
	browser.evaluate(f"{path.read_text()}; true")
	found: Any = browser.evaluate(_RUN % (repr(within), list(SERIOUS)))
	return list(found)
