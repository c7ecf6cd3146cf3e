"""Prometheus' text format as a reader sees it. Stricter than Prometheus: what is odd is an error."""

import re
from typing import NamedTuple

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
SAMPLE = re.compile(rf"({NAME})(?:\{{(.*)\}})? (-?[0-9.e+-]+)")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)')
UNESCAPED = {r"\\": "\\", r"\"": '"', r"\n": "\n"}


class Sample(NamedTuple):
	"""A line."""

	name: str
	labels: tuple[tuple[str, str], ...]
	value: float


class Exposed:
	"""What a scrape got: `types` by family, and the value of each sample by name and labels."""

	def __init__(self, text: str):
		assert text.endswith("\n")
		self.types: dict[str, str] = {}
		self.values: dict[tuple[str, tuple[tuple[str, str], ...]], float] = {}
		helped: set[str] = set()
		for line in text.splitlines():
			if line.startswith("# HELP "):
				name = line.split(" ")[2]
				assert name not in helped, f"{name} comes twice"
				helped.add(name)
			elif line.startswith("# TYPE "):
				_, _, name, kind = line.split(" ")
				assert name in helped
				self.types[name] = kind
				family = name
			else:
				sample = read(line)
				assert re.fullmatch(rf"{family}(_bucket|_sum|_count)?", sample.name), line
				key = (sample.name, sample.labels)
				assert key not in self.values, line
				self.values[key] = sample.value

	def value(self, name: str, **labels: str) -> float:
		"""The sample with exactly these labels."""
		return self.values[name, tuple(sorted(labels.items()))]

	def labels(self, name: str, label: str) -> set[str]:
		"""The values of a label."""
		return {dict(labels)[label] for key, labels in self.values if key == name}


def read(line: str) -> Sample:
	"""The sample of a line."""
	found = SAMPLE.fullmatch(line)
	assert found, line
	labels = LABEL.findall(found[2] or "")
	assert LABEL.sub("", found[2] or "") == "", line
	plain = [(name, re.sub(r"\\.", lambda escape: UNESCAPED[escape[0]], value)) for name, value in labels]
	return Sample(found[1], tuple(sorted(plain)), float(found[3]))
