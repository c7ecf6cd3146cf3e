"""A definition as YAML text that reads as the same definition, by our rules (YAML 1.2) and by those of PyYAML (1.1)."""

from collections.abc import Mapping
from typing import Any

import yaml

from dogansystem.engine.definitions.yaml_source import plain_scalar

WIDTH = 110
_BREAKS = frozenset("\x85\u2028\u2029")  # ends of lines for YAML 1.1, besides \n


class _Dumper(yaml.SafeDumper):
	"""Writes texts in quotes that one of the two versions would read as something else, and several lines as a block."""

	def ignore_aliases(self, data: Any) -> bool:
		"""A value that stands in two places is written out in both."""
		return True


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
	if _BREAKS & set(text):  # PyYAML folds them outside of these quotes
		style: str | None = '"'
	else:
		style = "|" if "\n" in text else None if plain_scalar(text) == text else '"'
	return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def to_yaml(source: Mapping[str, Any]) -> str:
	"""Plain data as YAML text, keys in their order."""
	text: str = yaml.dump(dict(source), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=WIDTH)
	return text
