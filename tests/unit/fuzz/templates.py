"""Templates by chance, out of the words that templates have: mostly well formed, seldom sensible."""

from random import Random

from dogansystem.engine.templates.sandbox import ATTRIBUTES, ENVIRONMENT

FILTERS = tuple(name for name in sorted(ENVIRONMENT.filters) if not name.startswith("_"))
TESTS = tuple(name for name in sorted(ENVIRONMENT.tests) if name.isalpha())
METHODS = tuple(sorted(set[str]().union(*ATTRIBUTES.values())))
NAMES = ("doc", "input", "steps", "item", "index", "run", "now", "today", "user", "trigger", "nope", "range", "dict", "loop", "self")  # fmt: skip
PARTS = (
	"name", "items", "a", "output", "status", "error", "__class__", "__init__", "_x", "total", "keys", "0", "mro",
)  # fmt: skip
LITERALS = (
	"''", "'a'", "'%s'", "'{}'", "'{0.a}'", "'%Y'", "'\\ud800'", "'\\0'", "'é'", "'2025-01-01'", "0", "1", "-1", "2.5", "1e308",
	"99999999999999999999", "0x10", "true", "false", "none", "[]", "[1, 'a']", "{}", "{'a': 1}", "()", "(1, 2)",
	"'a' * 1000", "range(5)", "[[1], [2]]", "10 ** 9",
)  # fmt: skip
BINARY = ("+", "-", "*", "/", "//", "%", "**", "~", "==", "!=", "<", ">=", "in", "not in", "and", "or")
WORDS = (
	"{{", "}}", "{%", "%}", "{#", "#}", "-%}", "{%-", "|", ".", "(", ")", "[", "]", "{", "}", ",", ":", "=", "'", '"',
	"if", "else", "for", "in", "set", "endfor", "endif", "is", "not", "raw", "endraw", "\n", "\\", "*", "**",
)  # fmt: skip


def expression(chance: Random, depth: int = 0) -> str:
	"""One expression."""
	kind = chance.randrange(12 if depth < 4 else 3)
	if kind <= 1:
		return chance.choice(LITERALS)
	if kind == 2:
		return chance.choice(NAMES)

	def inner() -> str:
		return expression(chance, depth + 1)

	if kind == 3:
		return f"{inner()}.{chance.choice(PARTS + METHODS)}"
	if kind == 4:
		return f"{inner()}[{inner()}{chance.choice(('', '', ':', f':{inner()}', '::-1'))}]"
	if kind == 5:
		return f"{inner()}.{chance.choice(METHODS)}({arguments(chance, depth)})"
	if kind in (6, 7):
		called = chance.choice(("", f"({arguments(chance, depth)})"))
		return f"({inner()} | {chance.choice(FILTERS)}{called})"
	if kind == 8:
		return f"({inner()} is {chance.choice(('', 'not '))}{chance.choice(TESTS)}{chance.choice(('', f'({inner()})'))})"
	if kind == 9:
		return f"({inner()} {chance.choice(BINARY)} {inner()})"
	if kind == 10:
		return f"({inner()} if {inner()} else {inner()})"
	return f"{chance.choice(('not ', '-', '+', ''))}({inner()})"


def arguments(chance: Random, depth: int) -> str:
	"""What stands between the parentheses of a call."""
	given = [expression(chance, depth + 1) for _ in range(chance.randrange(3))]
	if not chance.randrange(4):
		name = chance.choice(("attribute", "default", "width", "reverse", "start", "count", "sep", "by", "d"))
		given.append(f"{name}={expression(chance, depth + 1)}")
	return ", ".join(given)


def template(chance: Random) -> str:
	"""One template: an expression, or text with expressions and tags; now and then with a word too many."""
	kind = chance.randrange(6)
	if kind <= 2:
		text = f"{{{{ {expression(chance)} }}}}"
	elif kind == 3:
		text = f"Dear {{{{ {expression(chance)} }}}}, {{{{ {expression(chance)} }}}}"
	elif kind == 4:
		text = f"{{% for item in {expression(chance)} %}}{{{{ {expression(chance)} }}}}{{% endfor %}}"
	else:
		text = f"{{% set a = {expression(chance)} %}}{{% if {expression(chance)} %}}{{{{ a }}}}{{% endif %}}"
	while not chance.randrange(4):
		at = chance.randint(0, len(text))
		text = text[:at] + chance.choice(WORDS) + text[at:]
	return text
