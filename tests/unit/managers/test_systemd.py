"""The instances of our unit: what has to be started and stopped, and what is said where no systemd runs."""

import shutil
from pathlib import Path

import pytest

from dogansystem.homes.bench.managers import ManagerError
from dogansystem.homes.bench.systemd import RUNS, UNIT, Systemd, orders
from tests.integration.deploy.files import DEPLOY

UNITS = DEPLOY / "systemd"


@pytest.mark.parametrize(
	"enabled, running, wanted, told",
	[
		(set(), set(), 2, ["enable --now dogansystem-worker@1.service dogansystem-worker@2.service"]),
		({1, 2}, {1, 2}, 2, []),
		({1, 2}, {1, 2}, 3, ["enable --now dogansystem-worker@3.service"]),
		({1, 2}, {1}, 2, ["enable --now dogansystem-worker@2.service"]),  # one has failed
		({1, 2, 3}, {1, 2}, 1, ["disable --now dogansystem-worker@2.service dogansystem-worker@3.service"]),
		({1}, {1, 7}, 1, ["disable --now dogansystem-worker@7.service"]),
	],
)
def test_only_the_instances_that_differ_are_started_and_stopped(
	enabled: set[int], running: set[int], wanted: int, told: list[str]
):
	assert [str(order) for order in orders(enabled, running, wanted)] == [
		f"systemctl {each}" for each in told
	]


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
	"""A bench whose unit is where systemd's tools look for it, two of its instances enabled."""
	folder = tmp_path / "units"
	(folder / "dogansystem-workers.target.wants").mkdir(parents=True)
	unit = (UNITS / f"{UNIT}@.service").read_text().replace("/home/frappe/frappe-bench", str(tmp_path))
	(folder / f"{UNIT}@.service").write_text(unit)
	for number in (1, 2):
		link = folder / "dogansystem-workers.target.wants" / f"{UNIT}@{number}.service"
		link.symlink_to(folder / f"{UNIT}@.service")
	monkeypatch.setenv("SYSTEMD_UNIT_PATH", str(folder))
	return tmp_path


@pytest.mark.skipif(RUNS.is_dir(), reason="systemd runs here, and is not to be told anything")
def test_where_no_systemd_runs_it_knows_what_would_have_to_be_told(bench: Path):
	systemd = Systemd(bench)
	assert systemd.problem() == "systemd is not what runs this machine"
	assert [str(each) for each in systemd.orders(3, 3)] == [
		"systemctl enable --now dogansystem-worker@1.service dogansystem-worker@2.service"
		" dogansystem-worker@3.service"  # enabled, and none of them runs
	]
	assert [str(each) for each in systemd.orders(1, 1)][
		1
	] == "systemctl disable --now dogansystem-worker@2.service"


def test_the_unit_is_the_same_for_any_number(bench: Path):
	change = Systemd(bench).file(50, 50)
	assert change.path == bench / "units" / f"{UNIT}@.service"
	assert not change.is_needed


def test_the_unit_of_another_bench_is_left_alone(bench: Path):
	with pytest.raises(ManagerError, match="another bench"):
		Systemd(bench / "other").file(2, 2)


def test_where_the_unit_is_missing_it_says_where_to_get_it(bench: Path):
	shutil.rmtree(bench / "units")
	with pytest.raises(ManagerError, match="copy deploy/systemd"):
		Systemd(bench).file(2, 2)
