"""More ways out of the sandbox, and more ways to hold up or fill a worker, than tests/unit/engine/test_templates_sandbox.py
has: known escapes of Jinja's own sandbox, what slips past a budget that counts loops, and what is expensive to compile.

Each runs in a process of its own, with an end to its memory and its time.
"""

from collections.abc import Iterator

import pytest

from dogansystem.engine.errors import TemplateError
from dogansystem.engine.templates.render import render, truthy
from tests.conftest import Tell
from tests.unit.security.limits import Renderer

HAN = "".join(map(chr, range(0x4E00, 0x4E00 + 400)))

ESCAPES = {
	# Known from advisories and competitions; each was once a way to code or to data.
	"str.format through a variable (CVE-2016-10745)": "{% set f = '{0.__class__.__init__.__globals__}'.format %}{{ f(1) }}",
	"str.format_map through a variable (CVE-2019-10906)": "{% set f = '{a.__class__}'.format_map %}{{ f({'a': 1}) }}",
	"format by a stored reference (CVE-2024-56326)": "{% set d = {'f': '{0.__class__}'.format} %}{{ d.f(1) }}",
	"format by the attr filter (CVE-2025-27516)": "{{ ('{0.__class__}' | attr('format'))(1) }}",
	"format by map": "{{ ['{0.__class__}'] | map('attr', 'format') | list }}",
	"format by sum": "{{ [{'a': '{0.__class__}'.format}] | map(attribute='a') | map('string') | list }}",
	"format with a key of a field": "{{ '{d[__class__]}'.format(d=doc) }}",
	"format with a conversion": "{{ '{0!r:{0.__class__}}'.format(doc) }}",
	"cycler's globals": "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
	"joiner's globals": "{{ joiner.__init__.__globals__.os }}",
	"namespace's globals": "{{ namespace.__init__.__globals__.os }}",
	"request's application": "{{ request.application.__globals__.__builtins__ }}",
	"url_for": "{{ url_for.__globals__ }}",
	"get_flashed_messages": "{{ get_flashed_messages.__globals__.current_app.config }}",
	"g": "{{ g.pop.__globals__ }}",
	"subclasses by index": "{{ ''['__class__']['__base__']['__subclasses__']()[40] }}",
	"class by joined text": "{{ ''[['__cl', 'ass__'] | join] }}",
	"class by escapes": "{{ ''['\\x5f\\x5fclass\\x5f\\x5f'] }}",
	"class by unicode escapes": "{{ ''['\\u005f\\u005fclass\\u005f\\u005f'] }}",
	"class by format": "{{ ''['%c%cclass%c%c' % (95, 95, 95, 95)] }}",
	"class by reverse": "{{ ''['__ssalc__' | reverse] }}",
	"class by a loop": "{% for c in ['__class__'] %}{{ ''[c] }}{% endfor %}",
	"class by select": "{{ [''] | selectattr('__class__') | list }}",
	"class by reject": "{{ [''] | rejectattr('__class__') | list }}",
	"class by max": "{{ ['', 'a'] | max(attribute='__class__') }}",
	"class by min": "{{ ['', 'a'] | min(attribute='__class__') }}",
	"class by unique": "{{ ['', 'a'] | unique(attribute='__class__') | list }}",
	"class by join": "{{ [''] | join(attribute='__class__') }}",
	"class by a dotted attribute": "{{ [{'a': ''}] | map(attribute='a.__class__.__mro__') | list }}",
	"class of a list": "{{ [].__class__ }}",
	"class of a mapping": "{{ {}.__class__.__base__ }}",
	"class of a number": "{{ (1).__class__ }}",
	"class of true": "{{ true.__class__ }}",
	"class of null": "{{ none.__class__ }}",
	"class of a range": "{{ range(1).__class__ }}",
	"class of a date": "{{ today.__class__ }}",
	"reduce": "{{ ''.__reduce__() }}",
	"reduce_ex": "{{ today.__reduce_ex__(2) }}",
	"getattribute": "{{ ''.__getattribute__('__class__') }}",
	"dir": "{{ ''.__dir__() }}",
	"documentation": "{{ ''.__doc__ }}",
	"init_subclass": "{{ dict.__init_subclass__ }}",
	"dict's subclasses": "{{ dict.__subclasses__() }}",
	"dict's mro": "{{ dict.mro() }}",
	"dict as a generic": "{{ dict['a'].__origin__ }}",
	"dict as a generic, called": "{{ dict['a']() }}",
	"dict itself": "{{ dict }}",
	"range itself": "{{ range }}",
	"range's class by call": "{{ range.__class__(1) }}",
	"a bound method's function": "{{ doc.items.__func__ }}",
	"a bound method's self": "{{ ''.join.__self__ }}",
	"a bound method's text": "{{ '%s' % ''.join }}",
	"a bound method's repr": "{{ '%r' | format(''.join) }}",
	"generator's frame": "{{ ([1] | map('string')).gi_frame }}",
	"generator's code": "{{ ([1] | select).gi_code }}",
	"loop's class": "{% for a in [1] %}{{ loop.__class__ }}{% endfor %}",
	"loop's environment": "{% for a in [1] %}{{ loop._undefined }}{% endfor %}",
	"loop's recurse": "{% for a in [1] %}{{ loop._recurse }}{% endfor %}",
	"undefined's hint": "{{ nope._undefined_hint }}",
	"undefined's fail": "{{ nope._fail_with_undefined_error() }}",
	"groupby's class": "{{ ([{'a': 1}] | groupby('a'))[0].__class__ }}",
	"groupby's fields": "{{ ([{'a': 1}] | groupby('a'))[0]._fields }}",
	"groupby's replace": "{{ ([{'a': 1}] | groupby('a'))[0]._replace(grouper=2) }}",
	"context": "{{ self.__dict__ }}",
	"environment": "{{ environment }}",
	"caller": "{{ caller() }}",
	"varargs": "{{ varargs }}",
	"resolve": "{{ resolve('range') }}",
	"exported vars": "{{ exported_vars }}",
	"blocks": "{{ blocks }}",
	"the result's own name": "{{ _result }}",
	"the loop's own filter": "{{ [1] | _each.__class__ }}",
	"debug": "{% debug %}",
	"do": "{% do doc.update({}) %}",
	"break": "{% for a in [1] %}{% break %}{% endfor %}",
	"trans": "{% trans %}{% endtrans %}",
	"import by a variable": "{% import doc.name as os %}",
	"include by a list": "{% include ['/etc/passwd', 'a'] ignore missing %}",
	"a timezone of one's own": "{{ now.replace(tzinfo=doc).utcoffset() }}",
	"change through a method": "{{ doc['update']({'name': 'x'}) }}",
	"change through sort": "{{ steps.a.output.sort() }}",
	"change through reverse": "{{ steps.a.output.reverse() }}",
	"change through a mapping's items": "{{ doc.items().mapping }}",
	"change of a mapping in a loop": "{% for k in doc %}{{ doc.popitem() }}{% endfor %}",
	"codec": "{{ 'a'.encode('idna') }}",
	"translate": "{{ 'a'.translate({97: 'b'}) }}",
	"maketrans": "{{ ''.maketrans('a', 'b') }}",
	"a number's bytes": "{{ (5).to_bytes(1000000, 'big') }}",
	"a fraction's hex": "{{ (5.5).hex() }}",
	"a comprehension": "{{ [x for x in [1]] }}",
	"an assignment": "{{ (x := 1) }}",
	"a lambda": "{{ (lambda: 1)() }}",
	"an f-string": "{{ f'{user}' }}",
	"a star": "{{ [*doc] }}",
	"shell": "{{ `id` }}",
	"python in a statement": "{% python import os %}",
}  # fmt: skip

BOMBS = {
	"strip of many characters": "{% set t = 'a' * 1000000 %}{{ t.strip('b' * 999999 + 'a') | length }}",
	"lstrip of many characters": "{% set t = 'a' * 1000000 %}{{ t.lstrip('b' * 999999 + 'a') | length }}",
	"rstrip of many characters": "{% set t = 'a' * 1000000 %}{{ t.rstrip('b' * 999999 + 'a') | length }}",
	"trim of many characters": "{% set t = 'a' * 1000000 %}{{ t | trim('b' * 999999 + 'a') | length }}",
	"search from the end": "{% set t = 'a' * 1000000 %}{{ t.rfind('ab' + 'a' * 500000) }}",
	"index from the end": "{% set t = 'a' * 1000000 %}{{ t.rindex('ab' + 'a' * 500000) }}",
	"split from the end": "{% set t = 'a' * 1000000 %}{{ t.rsplit('ab' + 'a' * 500000) | length }}",
	"split from the end by name": "{% set t = 'a' * 1000000 %}{{ t.rsplit(sep='ab' + 'a' * 500000) | length }}",
	"partition from the end": "{% set t = 'a' * 1000000 %}{{ t.rpartition('ab' + 'a' * 500000) | length }}",
	"text in a range": "{% set r = range(1000000) %}{% for i in range(100000) %}{% if 'a' in r %}{% endif %}{% endfor %}",
	"text is in a range": "{% set r = range(1000000) %}{% for i in range(100000) %}{% if 'a' is in r %}{% endif %}{% endfor %}",
	"fraction in a range": "{% set r = range(1000000) %}{% for i in range(100000) %}{% if 0.5 in r %}{% endif %}{% endfor %}",
	"text in values": "{% set v = large.values() %}{% for i in range(100000) %}{% if 'a' in v %}{% endif %}{% endfor %}",
	"text is in values": "{% set v = large.values() %}{% for i in range(100000) %}{% if 'a' is in v %}{% endif %}{% endfor %}",
	"keys compared": "{% set a = large.keys() %}{% set b = large.keys() %}{% for i in range(100000) %}{% if a == b %}{% endif %}{% endfor %}",
	"items compared": "{% set a = large.items() %}{% set b = large.items() %}{% for i in range(100000) %}{% if a == b %}{% endif %}{% endfor %}",
	"keys less keys": "{% set a = large.keys() %}{% for i in range(100000) %}{% if a - a %}{% endif %}{% endfor %}",
	"greatest of values": "{% set v = large.values() %}{% for i in range(100000) %}{{ v | max }}{% endfor %}",
	"least of keys": "{% set v = large.keys() %}{% for i in range(100000) %}{{ v | min }}{% endfor %}",
	"last of values": "{% set v = large.values() %}{% for i in range(100000) %}{{ v | last }}{% endfor %}",
	"groups of values": "{% for i in range(1000) %}{{ large.values() | groupby('x') }}{% endfor %}",
	"keys again and again": "{% for i in range(100000) %}{% set a = large.keys() %}{% endfor %}",
	"a name like a very long one": "{{ {'" + HAN * 60 + "x': 1}." + HAN * 60 + " }}",
	"a filter like a very long one": "{{ 1 | " + HAN * 150 + " }}",
	"quotient of giants": "{{ 0x" + "f" * 60_000 + " // 0x" + "f" * 4_000 + " }}",
	"remainder of giants": "{{ 0b" + "1" * 60_000 + " % 0b" + "1" * 4_000 + " }}",
	"difference of giants": "{{ 0o" + "7" * 60_000 + " - 1 }}",
	"many tags": "{% set a = 1 %}" * 50_000,
	"many outputs": "{{ 1 }}" * 100_000,
	"many names": "".join(f"{{% set a{n} = b{n} %}}" for n in range(20_000)),
	"many loops": "{% for a in [] %}{% endfor %}" * 20_000,
	"long list": "{{ [" + "1," * 400_000 + "] }}",
	"long comparison": "{{ 1" + " < 1" * 200_000 + " }}",
	"long negation": "{{ " + "not " * 15_000 + "1 }}",
	"long minus": "{{ " + "-" * 60_000 + "1 }}",
	"long choice": "{{ " + "1 if 0 else " * 5_000 + "1 }}",
	"long pipe": "{{ 1" + "|string" * 5_000 + " }}",
	"long or": "{{ 1" + " or 1" * 12_000 + " }}",
	"long index": "{{ doc" + "[0]" * 20_000 + " }}",
	"deep index": "{{ " + "doc[" * 10_000 + "1" + "]" * 10_000 + " }}",
	"deep calls": "{{ " + "range(" * 10_000 + "1" + ")" * 10_000 + " }}",
	"deep mappings": "{{ " + "{1:" * 10_000 + "1" + "}" * 10_000 + " }}",
	"deep filters": "{{ " + "(1|default(" * 5_000 + "1" + "))" * 5_000 + " }}",
	"many elifs": "{% if 0 %}" + "{% elif 0 %}" * 5_000 + "{% endif %}",
	"unclosed raw": "{% raw %}" * 7_000,
	"unclosed comment": "{#" * 30_000,
	"unclosed text": "{{ " + "'\\" * 30_000 + " }}",
	"numbers with points": "{{ " + "1." * 30_000 + " }}",
	"numbers with lines": "{{ " + "1_" * 30_000 + " }}",
	"braces": "{" * 60_000 + "{{",
	"fields of a format": "{% for i in range(100000) %}{{ ('{0}' * 1000).format('x') | length }}{% endfor %}",
	"nested fields of a format": "{{ '{0:{0:{0}}}'.format(1) }}",
	"digits of a text": "{{ ('9' * 1000000) | int + ('f' * 1000000) | int(0, 16) }}",
	"fraction of a text": "{{ ('9' * 1000000) | float }}",
	"rows of text": "{{ ('<' * 1000000) | striptags | length }}",
	"comments in text": "{{ ('<!--' * 250000) | striptags | length }}",
	"wrapped hyphens": "{{ ('-' * 1000000) | wordwrap(10) | length }}",
	"cut many times": "{% set t = 'a' * 1000000 %}{% for i in range(100000) %}{% if t | truncate(999999) %}{% endif %}{% endfor %}",
	"upper many times": "{% set t = 'ß' * 500000 %}{% for i in range(100000) %}{% if t | upper %}{% endif %}{% endfor %}",
	"sorted many times": "{% set t = range(100000) | list %}{% for i in range(100000) %}{% if t | sort %}{% endif %}{% endfor %}",
	"random of a long list, many times": "{% for i in range(100000) %}{% if (range(100000) | list | random) %}{% endif %}{% endfor %}",
	"moments many times": "{% for i in range(1000000) %}{{ now.strftime('%A' * 500) }}{% endfor %}",
}  # fmt: skip

# What looks dangerous and is not: it gives a value, and nothing of the insides with it.
HARMLESS = {
	"{{ '%s' % user }}": "sales@example.com",
	"{{ doc.items }}": [{"qty": 1}],
	"{{ doc.get('__class__') }}": None,
	"{{ {'__class__': 1}.__class__ }}": 1,
	"{{ {'format': '{0.__class__}'}.format }}": "{0.__class__}",
	"{{ user.replace('@', '{{ 7 * 7 }}') }}": "sales{{ 7 * 7 }}example.com",
	"{{ large.keys() | length }}": 100_000,
	"{% for key, value in {'a': 1}.items() %}{{ key }}{{ value }}{% endfor %}": "a1",
	"{{ ' x '.strip() ~ 'aXbX'.rstrip('X') ~ (' y ' | trim) }}": "xaXby",
	"{{ 'a/b/c'.rsplit('/', 1) }}": ["a/b", "c"],
	"{{ 5 in range(10) }}": True,
}


@pytest.fixture(scope="module")
def rendered() -> Iterator[Renderer]:
	renderer = Renderer()
	yield renderer
	renderer.close()


@pytest.mark.parametrize("template", ESCAPES.values(), ids=ESCAPES.keys())
def test_what_reaches_out_of_the_sandbox_is_an_error(template: str, rendered: Renderer, tell: Tell) -> None:
	told = rendered(template)
	assert told.kind == "TemplateError", told
	assert told.value.startswith("params.x: ")
	tell("templates: ways out", tried=1, failed=1)


@pytest.mark.parametrize("template", BOMBS.values(), ids=BOMBS.keys())
def test_a_bomb_is_an_error_within_bounded_time_and_memory(
	template: str, rendered: Renderer, tell: Tell
) -> None:
	told = rendered(template)
	assert told.kind == "TemplateError", told
	tell("templates: bombs", tried=1, failed=1)


@pytest.mark.parametrize(("template", "value"), HARMLESS.items(), ids=HARMLESS.keys())
def test_what_only_looks_dangerous_works(template: str, value: object, rendered: Renderer) -> None:
	told = rendered(template)
	assert (told.kind, told.value) == ("gave", value)


@pytest.mark.parametrize(
	"given",
	["{{ 7 * 7 }}", "{% for a in range(10 ** 9) %}{% endfor %}", "{{ ''.__class__ }}", "${7*7}", "#{7*7}"],
)
def test_what_people_type_in_is_never_read_as_a_template(given: str) -> None:
	context = {"input": {"text": given}}
	assert render({"a": "{{ input.text }}", "b": "Dear {{ input.text }}"}, context) == {
		"a": given,
		"b": f"Dear {given}",
	}


@pytest.mark.parametrize(
	"condition", ["''.__class__", "().__class__.__bases__", "x if doc.update({}) else y"]
)
def test_a_condition_lives_in_the_same_sandbox(condition: str) -> None:
	with pytest.raises(TemplateError):
		truthy(condition, {"doc": {}})


def test_a_condition_cannot_end_its_own_braces_to_run_something_else() -> None:
	with pytest.raises(TemplateError):
		truthy("1 }}{% include '/etc/passwd' %}{{ 1", {})
