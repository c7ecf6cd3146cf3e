"""Rules of definitions that need more than one file of tests/unit/definitions to show."""

import time
from typing import Any

import pytest

from dogansystem.actions.registry import core_actions
from dogansystem.engine.definitions.parse import parse
from dogansystem.engine.definitions.problems import listed
from dogansystem.engine.errors import DefinitionError

ACTIONS = {name: action.parameters for name, action in core_actions().items()}


def told(source: Any, **options: Any) -> list[str]:
	"""What `parse` says is wrong; nothing for a good definition."""
	try:
		parse(source, **options)
	except DefinitionError as error:
		return [str(problem) for problem in error.problems]
	return []


def workflow(*steps: dict[str, Any], **keys: Any) -> dict[str, Any]:
	return {"name": "wf", "steps": [{"action": "data.set", **step} for step in steps], **keys}


def test_without_actions_names_and_params_are_not_checked() -> None:
	source = workflow({"id": "a", "action": "other.app_action", "params": {"any": 1}})
	assert told(source) == []
	assert told(source, actions=ACTIONS) == [
		f"steps[0].action: no action named 'other.app_action'; actions: {listed(sorted(ACTIONS))}"
	]


def test_the_error_names_the_file_on_every_line() -> None:
	with pytest.raises(DefinitionError) as caught:
		parse("name: A\nsteps: []\n", source_name="flows/a.yaml")
	assert str(caught.value).split("\n") == [
		"flows/a.yaml: name: 'A' is not a name: lower case letters, digits and hyphens only; write 'a'",
		"flows/a.yaml: steps: has no step; add one with an id and an action",
	]


@pytest.mark.parametrize(
	("action", "params"),
	[
		(
			"document.list",
			{"doctype": "{{ input.doctype }}", "limit": "{{ input.limit }}", "fields": "{{ input.fields }}"},
		),
		(
			"document.list",
			{"doctype": "Lead", "filters": "{{ input.filters }}", "fields": ["{{ input.field }}"]},
		),
		("document.create", {"doctype": "Lead", "values": "{{ steps.before.output }}"}),
		(
			"email.send",
			{"to": "{{ doc.email }}", "subject": "Hello {{ doc.name }}", "template": "{{ input.t }}"},
		),
		(
			"email.send",
			{"to": ["{{ doc.email }}"], "subject": "S", "message": "m", "print": "{{ input.print }}"},
		),
		("flow.wait", {"for": "{{ input.wait }}"}),
		("flow.stop", {"status": "{{ input.status }}"}),
		(
			"http.request",
			{"url": "{{ input.url }}", "expect": "{{ input.expect }}", "method": "{{ input.method }}"},
		),
	],
)
def test_a_template_may_stand_wherever_a_value_may(action: str, params: dict[str, Any]) -> None:
	assert (
		told(workflow({"id": "before"}, {"id": "a", "action": action, "params": params}), actions=ACTIONS)
		== []
	)


def test_what_is_written_out_beside_a_template_is_checked() -> None:
	params = {"to": "{{ doc.email }}", "subject": ["S"], "message": "{{ doc.a }}", "template": "{{ doc.b }}"}
	assert told(workflow({"id": "a", "action": "email.send", "params": params}), actions=ACTIONS) == [
		"steps[0].params: give only one of message, template; leave the others out",
		"steps[0].params.subject: must be text or a number, not a list",
	]


@pytest.mark.parametrize(
	("schema", "value", "wrong"),
	[
		(
			{"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]},
			["{{ doc.a }}"],
			False,
		),
		({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}, [1], True),
		({"oneOf": [{"type": "integer"}, {"type": "number"}]}, "{{ doc.a }}", False),
		({"oneOf": [{"type": "integer"}, {"type": "number"}]}, 5, True),
		({"oneOf": [{"items": {"type": "integer"}}, {"items": {"type": "string"}}]}, ["{{ doc.a }}"], False),
		({"uniqueItems": True}, ["{{ doc.a }}", "{{ doc.a }}"], False),
		({"uniqueItems": True}, [1, 1], True),
		({"not": {"type": "object"}}, {"a": "{{ doc.a }}"}, False),
		({"not": {"type": "object"}}, {"a": 1}, True),
		({"const": 5}, "{{ doc.a }}", False),
		({"const": 5}, "x", True),
		({"maxItems": 1}, ["{{ doc.a }}", 2], True),
		({"maxLength": 3}, "{{ doc.a }} and much more", False),
		({"maxLength": 3}, "long", True),
		({"type": "object", "required": ["b"]}, {"a": "{{ doc.a }}"}, True),
		({"multipleOf": 2}, 3, True),
	],
)
def test_only_what_no_template_can_mend_is_an_error(schema: Any, value: Any, wrong: bool) -> None:
	actions = {"x.y": {"type": "object", "properties": {"p": schema}}}
	found = told(workflow({"id": "a", "action": "x.y", "params": {"p": value}}), actions=actions)
	assert bool(found) is wrong
	assert all(line.startswith("steps[0].params.p") for line in found)


@pytest.mark.parametrize(
	"step",
	[
		{"params": {"x": "{{ steps.b.output }}"}},
		{"if": "steps.b.output"},
		{"for_each": "{{ steps.b.output }}"},
		{"params": {"x": "{% for row in steps['b'].output %}{{ row }}{% endfor %}"}},
	],
)
def test_every_place_for_templates_may_only_read_steps_before_it(step: dict[str, Any]) -> None:
	a = {"id": "a", "after": [], **step}
	message = "step 'b' is not finished before this one; add it to `after`"
	assert [line.split(": ", 1)[1] for line in told(workflow({"id": "b", "after": []}, a))] == [message]
	assert told(workflow({"id": "b"}, {"id": "between"}, {**a, "after": ["between"]})) == []


def test_a_step_is_before_another_through_any_number_of_others() -> None:
	steps = [{"id": f"s{number}"} for number in range(50)]
	assert told(workflow(*steps, {"id": "last", "params": {"x": "{{ steps.s0.output }}"}})) == []


def test_the_output_may_read_every_step() -> None:
	steps = [{"id": "a", "after": []}, {"id": "b", "after": []}]
	assert told(workflow(*steps, output={"x": ["{{ steps.a.output }}", "{{ steps.b.errors }}"]})) == []


def test_a_loops_own_names_are_no_unknown_names() -> None:
	text = "{% for item in steps.a.output %}{{ loop.index }} {{ item }}{% set x = 1 %}{{ x }}{% endfor %}"
	assert told(workflow({"id": "a"}, {"id": "b", "params": {"x": text}})) == []


def test_an_item_is_there_in_the_condition_and_params_of_a_step_with_for_each() -> None:
	step = {"for_each": [1, 2], "if": "item > index", "params": {"x": "{{ item }}"}}
	assert told(workflow({"id": "a", **step})) == []


LEAD = {"on": "document", "doctype": "Lead", "event": "created"}
TASK = {"on": "document", "doctype": "Task", "event": "created", "if": "doc.subject"}
FIELDS = {"Lead": {"name", "lead_name", "status"}, "Task": {"name", "subject", "status"}}


def of_doc(text: str, *triggers: dict[str, Any]) -> list[str]:
	"""What is wrong with a workflow that has `text` in a step, where the fields of two DocTypes are known."""
	source = workflow({"id": "a", "params": {"x": text}}, triggers=list(triggers))
	return told(source, fields_of=FIELDS.get)


def test_a_field_of_doc_is_one_of_the_doctype_that_the_trigger_names() -> None:
	message = "Lead has no field 'lead_nam' (did you mean 'lead_name'?)"
	assert of_doc("{{ doc.lead_nam }} {{ doc['lead_name'] }}", LEAD) == [f"steps[0].params.x: {message}"]
	assert of_doc("{{ doc.get('lead_nam') }} {{ doc.items() }} {{ doc[input.a] }}", LEAD) == []
	assert of_doc("{% for doc in input.rows %}{{ doc.lead_nam }}{% endfor %}", LEAD) == []


def test_with_several_triggers_a_field_is_one_of_any_of_them() -> None:
	assert of_doc("{{ doc.lead_name }} {{ doc.subject }}", LEAD, TASK) == []
	assert of_doc("{{ doc.subjet }}", LEAD, TASK) == [
		"steps[0].params.x: Lead and Task have no field 'subjet' (did you mean 'subject'?)"
	]
	wrong = {**TASK, "if": "doc.lead_name"}
	assert [line.split(":")[0] for line in of_doc("x", LEAD, wrong)] == ["triggers[1].if"]


def test_fields_that_are_not_known_are_left_to_the_run() -> None:
	assert of_doc("{{ doc.anything }}") == []
	assert of_doc("{{ doc.anything }}", LEAD, {**LEAD, "doctype": "Something"}) == []


@pytest.mark.parametrize(
	"template",
	[
		"{{ steps[doc.step].output }}",
		"{{ steps }}",
		"{{ range(3) }}",
		"{{ dict(a=1) }}",
		"{{ self is defined }}",
	],
)
def test_what_cannot_be_told_before_is_left_to_the_run(template: str) -> None:
	assert told(workflow({"id": "a"}, {"id": "b", "params": {"x": template}})) == []


def test_a_large_workflow_is_checked_in_no_time() -> None:
	steps = [{"id": f"s{number}", "params": {"x": "{{ steps.s0.output }}"}} for number in range(1, 1000)]
	started = time.process_time()
	assert told(workflow({"id": "s0"}, *steps)) == []
	assert time.process_time() - started < 10
	assert "at most 1000 are allowed" in told(workflow(*({"id": f"s{n}"} for n in range(1001))))[0]


def test_many_circles_are_found_in_no_time() -> None:
	steps = [{"id": f"s{n}", "after": [f"s{n + 1}" if n % 2 == 0 else f"s{n - 1}"]} for n in range(400)]
	started = time.process_time()
	assert len(told(workflow(*steps))) == 200
	assert time.process_time() - started < 10


def test_steps_behind_a_circle_are_not_blamed_for_it() -> None:
	steps = [
		{"id": "a", "after": ["b"]},
		{"id": "b", "after": ["a"]},
		{"id": "c"},
		{"id": "d", "after": ["b", "c"]},
	]
	assert told(workflow(*steps)) == [
		"steps[0].after[0]: the steps wait for each other: a waits for b waits for a; take one of them out"
	]


def test_a_circle_that_leads_through_the_order_of_the_list_is_found() -> None:
	steps = [{"id": "a"}, {"id": "b", "after": ["d"]}, {"id": "c"}, {"id": "d"}]
	assert told(workflow(*steps)) == [
		"steps[1].after[0]: the steps wait for each other: b waits for d waits for c waits for b; take one of them out"
	]


def test_a_wrong_step_does_not_hide_what_is_wrong_with_the_others() -> None:
	found = told({"name": "wf", "steps": [5, {"id": "a"}, {"id": "b", "action": "x", "after": ["c"]}]})
	assert [line.split(":")[0] for line in found] == ["steps[0]", "steps[1].action", "steps[2].after[0]"]


def test_an_action_or_a_template_of_another_app_cannot_break_the_check() -> None:
	source = workflow({"id": "a", "action": "x.y", "params": {"p": {"q": [1]}}})
	assert told(source, actions={"x.y": {}}) == []
	assert told(source, actions={"x.y": {"type": "object", "additionalProperties": {"type": "object"}}}) == []
