"""The styles of one bundle are loaded beside those of another: a name means one thing."""

import re
from collections import defaultdict
from pathlib import Path

import dogansystem

PUBLIC = Path(dogansystem.__file__).parent / "public"
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
RULE = re.compile(r"([^{}]+)\{")
ALONE = re.compile(r"\.dogan-[\w-]+")


def test_no_name_is_styled_in_two_files():
	places: defaultdict[str, set[str]] = defaultdict(set)
	for path in PUBLIC.rglob("*.css"):
		if "dist" not in path.parts:
			for selectors in RULE.findall(COMMENT.sub("", path.read_text())):
				for each in selectors.split(","):
					if ALONE.fullmatch(each.strip()):
						places[each.strip()].add(path.name)
	assert len(places) > 100
	assert {name: files for name, files in places.items() if len(files) > 1} == {}
