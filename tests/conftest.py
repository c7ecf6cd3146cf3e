"""Figures that tests measure, printed when all have run: kills, steps, lost, doubled, seeds. And what runs first."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

KEY = "figures"
# They mostly wait, or are one long test.
LONG = (
	"tests/faults/failover/",
	"tests/integration/nodes/",
	"tests/integration/scaling/test_load",
	"tests/unit/simulation/",
)

Tell = Callable[..., None]

# How long an example takes says how busy the machine is.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Tell:
	"""Have figures printed at the end: `tell("kill -9", kills=10, lost=0)`. Those of one title are added up."""

	def record(title: str, **figures: float) -> None:
		record_property(KEY, (title, figures))

	return record


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
	"""Begin with what takes long, so that nobody waits for it in the end."""
	items.sort(key=lambda item: not item.nodeid.startswith(LONG))


def pytest_terminal_summary(terminalreporter: Any) -> None:
	"""Print what the tests told, whichever of pytest-xdist's processes they ran in."""
	sums: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
	for reports in terminalreporter.stats.values():
		for report in reports:
			if getattr(report, "when", None) != "call":
				continue
			for key, value in report.user_properties:
				if key == KEY:
					title, figures = value
					for name, number in figures.items():
						sums[title][name] += number
	if sums:
		terminalreporter.section("figures")
	for title, figures in sorted(sums.items()):
		told = ", ".join(f"{name.replace('_', ' ')} {number:,.10g}" for name, number in figures.items())
		terminalreporter.write_line(f"{title}: {told}")
