"""Who may call which method, out of the table that the tests of security try on a site."""

import ast
from collections.abc import Mapping

from generator.calls import API
from generator.markdown import listed, table

TABLE = API.parent / "tests" / "attacks.py"
WHO: Mapping[str, str] = {
	"USERS": "everybody with a role of the app",
	"SIGNED_IN": "everybody who is signed in: it tells them of what is theirs",
	"ASKED": "who is asked, or stands in for one who is; to see it, also who has asked and managers",
	"STARTER": "who started the run, Dogan Managers, System Managers; to see it, also who may read its document",
	"MANAGERS": "Dogan Managers, System Managers",
	"{PERSON}": "System Managers",
	"READERS": "every user of the desk who may read the document",
	"set()": "anybody who sends the token, nobody else",
}


def write() -> str:
	"""The methods by who may call them."""
	found: dict[str, list[str]] = {}
	for name, who in _rows():
		found.setdefault(who, []).append(name)
	return table(("who", "may call"), [(WHO[who], listed(found[who])) for who in WHO if who in found])


def _rows() -> list[tuple[str, str]]:
	for node in ast.parse(TABLE.read_text()).body:
		if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "CALLS":
			assert isinstance(node.value, ast.Dict)
			return [
				(ast.literal_eval(key), ast.unparse(row.elts[1]))
				for key, row in zip(node.value.keys, node.value.values, strict=True)
				if key and isinstance(row, ast.Tuple)
			]
	raise SystemExit(f"{TABLE} has no CALLS")
