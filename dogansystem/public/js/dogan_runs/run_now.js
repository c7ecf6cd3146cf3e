// The button Run of a workflow: asks for the document and the input that the workflow wants, and starts a run.

import { control_of, leave_numbers_empty, value_of } from "./controls";

frappe.provide("dogan");

const INPUT = "input:"; // in front of a property's name, so that it meets no other field

// `about`: the document that the run is about, if the caller knows; otherwise the person is asked for it. `given`: what an earlier
// run was started with, `{doctype, name, input}`, to begin from. `words`: the `title` and `label` of another thing that is done with
// the same, and whether that is done `at_once` where nothing is asked.
dogan.run_now = (workflow, about, begin = start, given = null, words = {}) => {
	const document = about ? [] : document_fields(workflow, given);
	const schema = schema_of(workflow) || (given && !is_empty(given.input) ? {} : null);
	const asked = schema ? input_fields(schema, given) : [];
	const fields = [...document, ...(document.length && asked.length ? [{ fieldtype: "Section Break" }] : []), ...asked];
	if (!fields.length && words.at_once) return begin(workflow, about || {});
	if (!fields.length) {
		frappe.confirm(__("Run {0} now?", [dogan.escape(workflow.title || workflow.name).bold()]), () =>
			begin(workflow, about || {})
		);
		return;
	}
	const dialog = new frappe.ui.Dialog({
		title: words.title || __("Run {0}", [dogan.escape(workflow.title || workflow.name)]),
		fields,
		primary_action_label: words.label || __("Run"),
		async primary_action(values) {
			const input = schema ? input_of(dialog, schema, values) : null;
			if (words.at_once) dialog.hide(); // what comes of it is shown in another one
			await begin(workflow, {
				...(about || { doctype: values.document_type, name: values.document_name }),
				input,
			});
			dialog.hide();
		},
	});
	leave_numbers_empty(dialog);
	const name = dialog.fields_dict.document_name;
	if (name) name.df.get_options = () => dialog.get_value("document_type");
	dialog.show();
};

// A finished run once more, with the document and the input that it had, as the person changes them.
dogan.run_again = async (run) => {
	const { workflow: name, document, input } = await frappe.xcall("dogansystem.api.run_page.given", { run });
	const workflow = await frappe.model.with_doc("Dogan Workflow", name);
	const given = { ...(document ? { doctype: document.doctype, name: document.name } : {}), input };
	const begin = (about, values) => start(about, values, { method: "dogansystem.api.run_page.run_again", run });
	dogan.run_now(workflow, null, begin, given);
};

const is_empty = (input) => input === null || input === undefined || (typeof input === "object" && !Object.keys(input).length);

dogan.run_on_document = async (name, doctype, docname) => {
	const workflow = await frappe.model.with_doc("Dogan Workflow", name);
	dogan.run_now(workflow, { doctype, name: docname });
};

// A run for each of the documents that were chosen in their list: a batch.
dogan.run_for_many = async (doctype, names) => {
	const workflows = await frappe.xcall("dogansystem.api.batches.workflows_for", { doctype });
	if (!workflows.length) {
		frappe.msgprint(__("There is no enabled workflow with a manual trigger for {0} that you may start.", [__(doctype)]));
		return;
	}
	const run = async (name) =>
		dogan.run_now(await frappe.model.with_doc("Dogan Workflow", name), { doctype, names }, start_batch);
	if (workflows.length === 1) return run(workflows[0].name);
	const options = workflows.map(({ name, title }) => ({ value: name, label: title }));
	const field = { fieldname: "workflow", fieldtype: "Select", label: __("Workflow"), options, reqd: 1 };
	const title = __("Run for {0} documents", [names.length]);
	frappe.prompt([field], ({ workflow }) => run(workflow), title, __("Next"));
};

async function start_batch(workflow, { doctype, names, input }) {
	const args = { workflow: workflow.name, doctype, names, input };
	const { batch } = await frappe.xcall("dogansystem.api.batches.start_batch", args);
	frappe.set_route("Form", "Dogan Batch", batch);
}

async function start(workflow, given, again = null) {
	const { method, ...about } = again || { method: "dogansystem.api.desk.run_now", workflow: workflow.name };
	const { run, problems } = await frappe.xcall(method, { ...about, ...given });
	if (problems.length) {
		const message = `${__("The run has started, but:")} ${dogan.problems_html(problems)}`;
		frappe.show_alert({ message, indicator: "orange" }, 15);
	}
	frappe.set_route("Form", "Dogan Workflow Run", run);
}

// A document is asked for where a trigger would give one, or a template uses it.
function document_fields(workflow, given) {
	const triggers = (workflow.triggers || []).filter((trigger) => trigger.document_type);
	const before = given && given.doctype;
	const doctypes = [...new Set([...(before ? [before] : []), ...triggers.map((trigger) => trigger.document_type)])];
	const needed = uses_document(workflow) ? 1 : 0;
	if (!doctypes.length && !needed) return [];
	const type = doctypes.length
		? { fieldtype: "Select", options: doctypes, default: doctypes[0], read_only: doctypes.length === 1 ? 1 : 0 }
		: { fieldtype: "Link", options: "DocType", get_query: () => ({ filters: { istable: 0, issingle: 0 } }) };
	return [
		{ fieldname: "document_type", label: __("Document Type"), reqd: needed, ...type },
		{
			fieldname: "document_name",
			fieldtype: "Dynamic Link",
			options: "document_type",
			default: before ? given.name : undefined,
			label: __("Document"),
			reqd: needed,
			description: __("What the run is about. The steps have its present values as {0}.", ["<code>doc</code>"]),
		},
	];
}

function uses_document(workflow) {
	const texts = [workflow.limit_key, workflow.output];
	for (const { params, condition, for_each } of workflow.steps || []) texts.push(params, condition, for_each);
	return texts.some((text) => /\{[{%][^}]*\bdoc\b/.test(text || ""));
}

function schema_of(workflow) {
	return workflow.input_schema ? JSON.parse(workflow.input_schema) : null;
}

function input_fields(schema, given) {
	const had = given && given.input;
	const of_before = had && typeof had === "object" ? had : {};
	const properties = Object.entries(schema.properties || {});
	const is_form = properties.length && properties.every(([, property]) => control_of(property));
	if (is_form && Object.keys(of_before).every((name) => name in schema.properties)) {
		return properties.map(([name, property]) => ({
			fieldname: INPUT + name,
			label: dogan.escape(property.title || frappe.unscrub(name)),
			description: dogan.escape(property.description || ""),
			default: name in of_before ? of_before[name] : property.default,
			reqd: (schema.required || []).includes(name) && property.type !== "boolean" ? 1 : 0,
			...control_of(property),
		}));
	}
	return [
		{
			fieldname: "input",
			fieldtype: "Code",
			options: "JSON",
			label: __("Input"),
			default: JSON.stringify(given ? had ?? {} : example_of(schema), null, 2),
			description: Object.keys(schema).length ? __("What the workflow's input schema asks for.") : "",
		},
	];
}

// What was filled in, as JSON; a field that was left empty is not part of the input.
function input_of(dialog, schema, values) {
	if (dialog.fields_dict.input) return values.input;
	const input = {};
	for (const [name, property] of Object.entries(schema.properties)) {
		const value = value_of(dialog.fields_dict[INPUT + name], values[INPUT + name], property);
		if (value !== undefined) input[name] = value;
	}
	return JSON.stringify(input);
}

// Something to start from: every property of the schema with its default, or an empty value of its type.
function example_of(schema) {
	if (schema.default !== undefined) return schema.default;
	if (schema.type === "object" || schema.properties) {
		const properties = Object.entries(schema.properties || {});
		return Object.fromEntries(properties.map(([name, property]) => [name, example_of(property)]));
	}
	if (schema.enum) return schema.enum[0];
	return { array: [], string: "", integer: 0, number: 0, boolean: false }[schema.type] ?? null;
}
