// What templates of a step can reach, for people to pick from: groups of `{path, label}`.

import { before, branches_of, index_of, is_mapping, steps_of, triggers_of } from "./graph.mjs";
import { path_of } from "./condition.mjs";

// Actions whose output is a document, or a list of documents, of the DocType in their params.
const DOCUMENT = ["document.create", "document.get", "document.update", "document.upsert"];
const LIST = "document.list";

// The DocType that `doc` is of, as far as the triggers say it.
export function doctype_of(definition) {
	const named = triggers_of(definition).find((trigger) => is_mapping(trigger) && trigger.doctype);
	return named ? named.doctype : "";
}

// DocTypes whose fields are wanted before `reach` is asked.
export function doctypes_of(definition) {
	const named = [doctype_of(definition), ...steps_of(definition).map((step) => document_of(step))];
	return [...new Set(named.filter(Boolean))];
}

function document_of(step) {
	const doctype = is_mapping(step) && is_mapping(step.params) ? step.params.doctype : "";
	return typeof doctype === "string" && !doctype.includes("{") ? doctype : "";
}

// `fields(doctype)` gives `[{fieldname, label}]`; `__` translates. `key` is the step; null: the workflow itself.
export function reach(definition, key, actions, fields, __) {
	const groups = [];
	const group = (label, entries) => entries.length && groups.push({ label, entries });
	const of_fields = (path, doctype) => fields(doctype).map((field) => ({ path: `${path}.${field.fieldname}`, label: __(field.label) }));
	const steps = steps_of(definition);
	const step = steps[index_of(definition, key)];
	if (is_mapping(step) && "for_each" in step) group(__("The item"), item_of(definition, step, of_fields, __));
	const doctype = doctype_of(definition);
	if (doctype) group(__(doctype), [{ path: "doc.name", label: __("Name") }, ...of_fields("doc", doctype)]);
	for (const id of before(definition, key)) {
		const earlier = steps[index_of(definition, id)];
		if (is_mapping(earlier) && earlier.id === id) group(earlier.title || id, of_step(earlier, actions, of_fields, __));
	}
	group(__("Parameters"), of_schema("parameters", { properties: definition.parameters }));
	group(__("Input"), of_schema("input", definition.input));
	group(__("Run"), [
		{ path: "run.name", label: __("Name of the run") },
		{ path: "run.started_by", label: __("Who started it") },
		{ path: "user", label: __("Who does the step") },
		{ path: "today", label: __("Today") },
		{ path: "now", label: __("Now") },
	]);
	return groups;
}

function of_schema(path, schema) {
	const properties = is_mapping(schema) && is_mapping(schema.properties) ? schema.properties : {};
	return Object.entries(properties).map(([name, each]) => ({ path: `${path}.${name}`, label: (each && each.title) || name }));
}

function of_step(step, actions, of_fields, __) {
	const path = `steps.${step.id}`;
	const entries = [{ path: `${path}.output`, label: __("Output") }];
	const doctype = document_of(step);
	if (DOCUMENT.includes(step.action) && doctype && !("for_each" in step)) {
		entries.push({ path: `${path}.output.name`, label: __("Name") }, ...of_fields(`${path}.output`, doctype));
	}
	if (step.action === "flow.approve") {
		entries.push({ path: `${path}.output.decision`, label: __("Decision") }, { path: `${path}.output.comment`, label: __("Comment") });
	}
	const asked = is_mapping(step.params) && Array.isArray(step.params.fields) && step.action.startsWith("flow.") ? step.params.fields : [];
	for (const field of asked.filter((each) => is_mapping(each) && each.name)) {
		entries.push({ path: `${path}.output.values.${field.name}`, label: field.label || field.name });
	}
	if (branches_of(step, actions).length) entries.push({ path: `${path}.branch`, label: __("How it ended") });
	entries.push({ path: `${path}.error`, label: __("Error") });
	return entries;
}

function item_of(definition, step, of_fields, __) {
	const entries = [{ path: "item", label: __("The item itself") }, { path: "index", label: __("Its number, from 0") }];
	const path = path_of(step.for_each) || (typeof step.for_each === "string" ? step.for_each.trim() : "");
	const match = path.match(/^steps\.(\w+)\.output$/);
	const source = match && steps_of(definition)[index_of(definition, match[1])];
	if (!is_mapping(source) || source.action !== LIST) return entries;
	const shown = is_mapping(source.params) && Array.isArray(source.params.fields) ? source.params.fields : ["name"];
	const labels = of_fields("item", document_of(source));
	return [
		...shown.filter((name) => /^\w+$/.test(name)).map((name) => labels.find((each) => each.path === `item.${name}`) || { path: `item.${name}`, label: name }),
		...entries,
	];
}
