"""axe-core in a page: what keeps people with a screen reader or a keyboard from using it.

DOGAN_TEST_AXE names its script; script/test and script/test-on-bench fetch it where npm is.
"""

import os
from pathlib import Path
from typing import Any

from tests.bench.browser import Browser

SERIOUS = ("serious", "critical")
_RUN = """axe.run(%s, {resultTypes: ["violations"]}).then(({violations}) => violations
	.filter((each) => %s.includes(each.impact))
	.map((each) => each.id + ": " + each.nodes.map((node) => node.html.slice(0, 200) + " " + (node.failureSummary || "")).join(" | ")))"""


def script() -> Path | None:
	"""Where axe-core is, or None."""
	given = os.environ.get("DOGAN_TEST_AXE")
	return Path(given) if given and Path(given).is_file() else None


def findings(browser: Browser, within: str) -> list[str]:
	"""What is serious within the elements of a selector. Raises LookupError where axe-core is not to be had."""
	path = script()
	if path is None:
		raise LookupError("no axe-core here; name its axe.min.js in DOGAN_TEST_AXE")
	browser.evaluate(f"{path.read_text()}; true")
	found: Any = browser.evaluate(_RUN % (repr(within), list(SERIOUS)))
	return list(found)
