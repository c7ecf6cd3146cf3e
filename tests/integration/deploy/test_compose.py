"""docker-compose.scale.yml: Compose's own schema, and our rules."""

from pathlib import Path

import pytest
import yaml

from tests.integration.deploy import compose
from tests.integration.deploy.files import DEPLOY, PROGRAMS, broken, run

FILE = DEPLOY / "compose" / "docker-compose.scale.yml"


def check(folder: Path, text: str) -> str:
	"""What Compose's schema says, "" if nothing. The schema is for files whose variables are filled in."""
	filled = folder / "filled.yml"
	filled.write_text(compose.interpolate(text, {"CUSTOM_IMAGE": "dogansystem", "CUSTOM_TAG": "v15"}))
	checked = run(PROGRAMS / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", filled)
	return checked.stdout if checked.returncode else ""


def test_the_file_is_a_compose_file(tmp_path: Path):
	assert check(tmp_path, FILE.read_text()) == ""


@pytest.mark.parametrize(
	"old, new",
	[
		("stop_grace_period: 1830s\n    healthcheck", "stop_grace_perod: 1830s\n    healthcheck"),
		("replicas: 1", "replicas: [1]"),
		("condition: service_completed_successfully", "condition: service_done"),
		("    init: true", "    init: [perhaps]"),
	],
)
def test_a_broken_copy_is_no_compose_file(tmp_path: Path, old: str, new: str):
	assert check(tmp_path, broken(FILE.read_text(), old, new))


def test_the_rules_hold():
	assert list(compose.problems(compose.read(FILE.read_text()))) == []


@pytest.mark.parametrize(
	"old, new, problem",
	[
		("--queue dogansystem", "--queue dogan", "does not work on"),
		(
			"stop_grace_period: 1830s\n    healthcheck",
			"stop_grace_period: 29m\n    healthcheck",
			"a step can take",
		),
		("    stop_grace_period: 1830s\n\n", "\n", "fall back"),
		("    init: true", "    container_name: node", "only one node"),
		("    init: true", "    ports: ['9000:9000']", "only one node"),
		("stop_signal: SIGTERM", "stop_signal: SIGKILL", "SIGTERM"),
		("'timeout': 1800", "'timeout': 3600", "as the app expects"),
		("replicas: 1", "replicas: 2", "one scheduler"),
		("  queue-short:\n", "  queue-short:\n    command: bench schedule\n", "second scheduler"),
		("  queue-short:\n    <<: *depends_on_configurator\n", "  queue-short: {}\n", "before ours is in it"),
		("- dogansystem.homes.frappe.alive", "- frappe", "whether the workers live"),
		("x-backend-defaults:", "x-defaults:", "anchors"),
		("num-workers ${NUM_WORKERS:-10}", "num-workers 3", "as many workers"),
	],
)
def test_a_copy_that_breaks_a_rule_is_noticed(old: str, new: str, problem: str):
	found = compose.problems(compose.read(broken(FILE.read_text(), old, new)))
	with pytest.raises(AssertionError, match=problem):
		assert not list(found), list(found)


def test_the_image_has_to_be_named():
	with pytest.raises(compose.Unset, match="CUSTOM_TAG"):
		compose.interpolate(FILE.read_text(), {"CUSTOM_IMAGE": "dogansystem"})


def test_the_number_of_workers_reaches_the_node_and_the_queue():
	services = compose.read(FILE.read_text(), NUM_WORKERS="20")["services"]
	assert compose.words(services["node"])[-1] == "20"
	assert "'background_workers': 20" in compose.words(services["queue-configurator"])[-1]
	assert services["node"]["healthcheck"]["test"][-1] == "20"


def test_the_volume_can_be_put_on_nfs_as_the_comment_says():
	lines = FILE.read_text().splitlines()
	start = lines.index("    # driver_opts:")
	uncommented = [line.replace("# ", "", 1) for line in lines[start:]]
	volume = yaml.safe_load("\n".join([*lines[:start], *uncommented]))["volumes"]["sites"]
	assert set(volume["driver_opts"]) == {"type", "o", "device"}
