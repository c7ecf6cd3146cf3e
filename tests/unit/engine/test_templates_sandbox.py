"""Templates that try to get out of the sandbox, or to hold up or fill a worker. Each must end in a TemplateError."""

import resource
import time
from datetime import date, datetime

import pytest

from dogansystem.engine.errors import TemplateError
from dogansystem.engine.templates.render import render

SECONDS = 10.0  # of processor time; each takes less than one
MEMORY = 200 * 1024  # kilobytes

CONTEXT = {
	"doc": {"name": "Q-1", "items": [{"qty": 1}], "text": "x" * 1000},
	"steps": {"a": {"output": list(range(100)), "status": "Succeeded", "error": None}},
	"today": date(2025, 3, 1),
	"now": datetime(2025, 3, 1, 9),
	"user": "sales@example.com",
}

DOUBLING = "".join(f"{{% set a{n + 1} = a{n} ~ a{n} %}}" for n in range(40))
PAIRS = "".join(f"{{% set a{n + 1} = [a{n}, a{n}] %}}" for n in range(40))
TUPLES = "".join(f"{{% set a{n + 1} = (a{n}, a{n}) %}}" for n in range(40))
MAPPINGS = "".join(f"{{% set a{n + 1} = {{'x': a{n}, 'y': a{n}}} %}}" for n in range(40))

ESCAPES = {
	"class": "{{ ''.__class__ }}",
	"class by key": "{{ ''['__class__'] }}",
	"mro": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
	"attribute filter": "{{ '' | attr('__class__') }}",
	"attribute of map": "{{ [''] | map(attribute='__class__') | list }}",
	"attribute of sum": "{{ [''] | sum(attribute='__class__') }}",
	"attribute of sort": "{{ ['', 'a'] | sort(attribute='__class__') }}",
	"attribute of groupby": "{{ [''] | groupby('__class__') }}",
	"globals of a function": "{{ range.__globals__ }}",
	"globals of a method": "{{ doc.get.__globals__ }}",
	"self of a method": "{{ doc.get.__self__ }}",
	"init of the template": "{{ self.__init__ }}",
	"template itself": "{{ self }}",
	"context of the template": "{{ self._TemplateReference__context }}",
	"loop's insides": "{% for x in [1] %}{{ loop._iterable }}{% endfor %}",
	"loop called": "{% for x in [1] %}{{ loop([1]) }}{% endfor %}",
	"undefined's insides": "{{ nope.__class__ }}",
	"format that reads attributes": "{{ '{0.__class__}'.format('') }}",
	"format that reads keys": "{{ '{0[name]}'.format(doc) }}",
	"format by name": "{{ '{a.__class__}'.format(a='') }}",
	"format_map": "{{ '{a.__class__}'.format_map({'a': ''}) }}",
	"nested format": "{{ '{:{a.__class__}}'.format(1, a='') }}",
	"format through a filter": "{{ ['{0.__class__}'] | map('format', '') | map(attribute='__class__') | list }}",
	"mro method": "{{ doc.name.mro() }}",
	"encode": "{{ 'a'.encode() }}",
	"mutation of a mapping": "{{ doc.update({'name': 'x'}) }}",
	"mutation of a list": "{{ steps.a.output.append(1) }}",
	"clear": "{{ doc.clear() }}",
	"setdefault": "{{ doc.setdefault('a', 1) }}",
	"pop": "{{ doc.pop('name') }}",
	"namespace": "{% set ns = namespace(a=1) %}{{ ns.a }}",
	"dotted set": "{% set doc.name = 'x' %}",
	"cycler": "{{ cycler('a', 'b').next() }}",
	"joiner": "{{ joiner(',')() }}",
	"lipsum": "{{ lipsum(n=100000) }}",
	"lipsum globals": "{{ lipsum.__globals__['os'].popen('id').read() }}",
	"include": "{% include '/etc/passwd' %}",
	"import": "{% import 'os' as os %}",
	"from import": "{% from 'os' import system %}",
	"extends": "{% extends 'base' %}",
	"block": "{% block a %}{% endblock %}",
	"call block": "{% call range(3) %}{% endcall %}",
	"autoescape": "{% autoescape true %}{% endautoescape %}",
	"pprint": "{{ doc | pprint }}",
	"call of a value": "{{ user() }}",
	"call of a class": "{{ today.__class__(2025, 1, 1) }}",
	"timestamps of now": "{{ now.timetuple() }}",
	"dict's class methods": "{{ dict.fromkeys([1]) }}",
	"builtins": "{{ __builtins__ }}",
	"import function": "{{ __import__('os') }}",
	"eval": "{{ eval('1') }}",
	"config": "{{ config }}",
	"request": "{{ request }}",
	"frappe": "{{ frappe.db.sql('select 1') }}",
	"the method itself": "{{ doc.get }}",
}

BOMBS = {
	"text times a number": "{{ 'a' * 10 ** 9 }}",
	"number times text": "{{ 10 ** 9 * 'a' }}",
	"list times a number": "{{ [0] * 10 ** 9 }}",
	"tuple times a number": "{{ (0, 1) * 10 ** 9 }}",
	"list times a number again": "{{ ([0] * 100000) | map('string') | map('center', 100000) | list }}",
	"power": "{{ 10 ** 10000000 }}",
	"tower of powers": "{{ (9 ** 99) ** (9 ** 99) }}",
	"float power": "{{ 10.0 ** 1000 }}",
	"product": "{% set a = 2 ** 2000 %}{{ a * a * a }}",
	"negative power of zero": "{{ 0 ** -1 }}",
	"range": "{{ range(10 ** 12) | list }}",
	"range in a loop": "{% for x in range(10 ** 12) %}{% endfor %}",
	"nested loops": "{% for a in range(10000) %}{% for b in range(10000) %}{% endfor %}{% endfor %}",
	"deep loops": "{% for a in range(99) %}" * 6 + "{% endfor %}" * 6,
	"loops with a condition": "{% for a in range(1000) %}{% for b in range(10000) if b < 0 %}{% endfor %}{% endfor %}",
	"recursive loop": "{% for a in [[1]] recursive %}{{ loop(a) }}{% endfor %}",
	"constant text in a loop": "{% for a in range(100000) %}" + "x" * 1000 + "{% endfor %}",
	"macro": "{% macro f(n) %}{{ f(n) }}{{ f(n) }}{% endmacro %}{{ f(1) }}",
	"set block": "{% set a %}x{% endset %}{{ a }}",
	"filter block": "{% filter upper %}x{% endfilter %}",
	"doubling text": "{% set a0 = 'x' %}" + DOUBLING + "{{ a40 | length }}",
	"doubling by plus": "{% set a = 'x' %}" + "{% set a = a + a %}" * 40 + "{{ a | length }}",
	"doubling lists by plus": "{% set a = [1] %}" + "{% set a = a + a %}" * 40 + "{{ a | length }}",
	"doubling by format": "{% set a = 'x' * 1000 %}"
	+ "{% set a = '%s%s' | format(a, a) %}" * 40
	+ "{{ a | length }}",
	"doubling by join": "{% set a = 'x' %}" + "{% set a = [a, a] | join %}" * 40 + "{{ a | length }}",
	"doubling by replace": "{% set a = 'xx' %}"
	+ "{% set a = a | replace('x', 'xxx') %}" * 40
	+ "{{ a | length }}",
	"doubling by a method": "{% set a = 'xx' %}"
	+ "{% set a = a.replace('x', 'xxx') %}" * 40
	+ "{{ a | length }}",
	"pairs of pairs as a value": "{% set a0 = 1 %}" + PAIRS + "{{ a40 }}",
	"pairs of pairs as text": "{% set a0 = 1 %}" + PAIRS + "{{ a40 | string }}",
	"pairs of pairs as JSON": "{% set a0 = 1 %}" + PAIRS + "{{ a40 | tojson }}",
	"pairs of pairs joined": "{% set a0 = 1 %}" + PAIRS + "{{ a40 | join }}",
	"pairs of pairs compared": "{% set a0 = 1 %}" + PAIRS + "{{ a40 == [a39, a39] }}",
	"pairs of pairs searched": "{% set a0 = 1 %}" + PAIRS + "{{ [a39, a39] in [a40] }}",
	"pairs of pairs tested": "{% set a0 = 1 %}" + PAIRS + "{{ a40 is eq([a39, a39]) }}",
	"pairs of pairs sorted": "{% set a0 = 1 %}" + PAIRS + "{{ [a40, [a39, a39]] | sort | length }}",
	"pairs of pairs changed": "{% set a0 = 1 %}"
	+ PAIRS
	+ "{% for x in [1, 2] %}{{ loop.changed([a39, a39]) }}{% endfor %}",
	"pairs of pairs formatted": "{% set a0 = 1 %}" + PAIRS + "{{ '%s' | format(a40) }}",
	"pairs of pairs found": "{% set a0 = 1 %}" + PAIRS + "{{ [a40].index([a39, a39]) }}",
	"pairs of pairs in braces": "{% set a0 = 1 %}" + PAIRS + "{{ '{}'.format(a40) }}",
	"tuples of tuples as keys": "{% set a0 = 1 %}" + TUPLES + "{{ {a40: 1} | length }}",
	"tuples of tuples unique": "{% set a0 = 1 %}" + TUPLES + "{{ [a40, a40] | unique | list | length }}",
	"mappings of mappings": "{% set a0 = 1 %}" + MAPPINGS + "{{ a40 | tojson | length }}",
	"mappings of mappings printed": "{% set a0 = 1 %}" + MAPPINGS + "x {{ a40 }}",
	"center": "{{ 'a' | center(10 ** 9) }}",
	"center method": "{{ 'a'.center(10 ** 9) }}",
	"ljust": "{{ 'a'.ljust(10 ** 9) }}",
	"rjust": "{{ 'a'.rjust(10 ** 9) }}",
	"zfill": "{{ '1'.zfill(10 ** 9) }}",
	"expandtabs": "{{ '\t'.expandtabs(10 ** 9) }}",
	"width of a percent format": "{{ '%1000000000d' % 1 }}",
	"precision of a percent format": "{{ '%.1000000000f' | format(1.5) }}",
	"starred width": "{{ '%*d' % (10 ** 9, 1) }}",
	"named width": "{{ '%(a)1000000000d' | format(a=1) }}",
	"width of a brace format": "{{ '{:1000000000}'.format(1) }}",
	"nested width": "{{ '{:{}}'.format(1, 10 ** 9) }}",
	"precision of a brace format": "{{ '{:.1000000000f}'.format(1.5) }}",
	"strftime width": "{{ now.strftime('%1000000000d') }}",
	"date filter width": "{{ today | date('%1000000000d') }}",
	"date in a format": "{{ '{:%1000000000d}'.format(today) }}",
	"indent": "{{ 'a\nb' | indent(10 ** 9) }}",
	"indent with text": "{{ ('a\n' * 1000) | indent('x' * 100000) }}",
	"batch": "{{ [1] | batch(10 ** 9, 0) | list }}",
	"slice": "{{ [1] | slice(10 ** 9, 0) | list }}",
	"round": "{{ 1.5 | round(10 ** 8, 'ceil') }}",
	"wordwrap": "{{ ('a ' * 1000) | wordwrap(1, wrapstring='x' * 100000) }}",
	"join of long texts": "{{ (['x' * 100000] * 1000) | join }}",
	"join method": "{{ ('x' * 100000).join(['', ''] * 1000) }}",
	"map of long texts": "{{ (['x' * 100000] * 1000) | map('upper') | list | length }}",
	"sum of lists": "{{ ([[0] * 1000] * 10000) | sum(start=[]) | length }}",
	"striptags": "{{ ('<!-- -->' * 100000) | striptags }}",
	"escape": "{{ ('<' * 1000000) | e }}",
	"urlencode": "{{ ('é' * 1000000) | urlencode }}",
	"tojson indent": "{{ ([1] * 200000) | tojson(indent=1000000) }}",
	"output of a loop": "{% for a in range(2000) %}{{ doc.text }}{% endfor %}",
	"length of a loop": "{% for a in range(1000000) %}{{ loop.length }}{% endfor %}",
	"search in long text": "{% set t = 'a' * 1000000 %}{% for a in range(100000) %}{% if 'b' in t %}{% endif %}{% endfor %}",
	"methods of long text": "{% set t = 'a' * 1000000 %}{% for a in range(100000) %}{% if t.count('b') %}{% endif %}{% endfor %}",
	"many slices": "{% set t = 'a' * 1000000 %}{% for a in range(100000) %}{% if t[1:] %}{% endif %}{% endfor %}",
	"lists of long text": "{% set t = 'a' * 1000000 %}{% for a in range(100) %}{% if t | list %}{% endif %}{% endfor %}",
	"long days": "{{ today | add_days(10 ** 12) }}",
	"long months": "{{ today | add_months(10 ** 12) }}",
	"long hours": "{{ now | add_hours(10 ** 300) }}",
	"parentheses": "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
	"brackets": "{{ " + "[" * 500 + "]" * 500 + " }}",
	"long sum": "{{ " + "1 + " * 5000 + "1 }}",
	"long chain": "{{ doc" + ".get" * 5000 + " }}",
	"nested ifs": "{% if 1 %}" * 3000 + "{% endif %}" * 3000,
	"nested fors": "{% for a in [1] %}" * 30 + "x" + "{% endfor %}" * 30,
	"long number": "{{ " + "9" * 10000 + " }}",
	"infinity": "{{ 1e999 }}",
	"not a number": "{{ 'nan' | float }}",
}


@pytest.mark.parametrize("template", ESCAPES.values(), ids=ESCAPES.keys())
@pytest.mark.contract("Templates are Jinja in a sandbox.")
def test_what_reaches_out_of_the_sandbox_is_an_error(template: str) -> None:
	with pytest.raises(TemplateError, match=r"^params\.x: .{10}"):
		render({"x": template}, CONTEXT, "params")


@pytest.mark.parametrize("template", BOMBS.values(), ids=BOMBS.keys())
def test_a_bomb_is_an_error_within_bounded_time_and_memory(template: str) -> None:
	before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
	started = time.process_time()
	with pytest.raises(TemplateError, match=r"^params\.x: .{10}"):
		render({"x": template}, CONTEXT, "params")
	assert time.process_time() - started < SECONDS
	assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MEMORY


def test_nothing_of_the_context_was_changed() -> None:
	before = repr(CONTEXT)
	for template in ESCAPES.values():
		with pytest.raises(TemplateError):
			render(template, CONTEXT)
	assert repr(CONTEXT) == before


def test_each_rendering_has_a_budget_of_its_own() -> None:
	template = "{% for a in range(200000) %}{% endfor %}x"
	for _ in range(5):
		assert render(template, {}) == "x"
	with pytest.raises(TemplateError, match="operations"):
		render([template, template], {})
