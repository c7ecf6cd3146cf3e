// The button Run of a workflow: asks for the document and the input that the workflow wants, and starts a run.

import { control_of, value_of } from "./controls";

frappe.provide("dogan");

const INPUT = "input:"; // in front of a property's name, so that it meets no other field

// `about`: the document that the run is about, if the caller knows; otherwise the person is asked for it.
dogan.run_now = (workflow, about, begin = start) => {
	const document = about ? [] : document_fields(workflow);
	const schema = schema_of(workflow);
	const asked = schema ? input_fields(schema) : [];
	const fields = [...document, ...(document.length && asked.length ? [{ fieldtype: "Section Break" }] : []), ...asked];
	if (!fields.length) {
		frappe.confirm(__("Run {0} now?", [dogan.escape(workflow.title || workflow.name).bold()]), () =>
			begin(workflow, about || {})
		);
		return;
	}
	const dialog = new frappe.ui.Dialog({
		title: __("Run {0}", [dogan.escape(workflow.title || workflow.name)]),
		fields,
		primary_action_label: __("Run"),
		async primary_action(values) {
			const input = schema ? input_of(dialog, schema, values) : null;
			await begin(workflow, {
				...(about || { doctype: values.document_type, name: values.document_name }),
				input,
			});
			dialog.hide();
		},
	});
	const name = dialog.fields_dict.document_name;
	if (name) name.df.get_options = () => dialog.get_value("document_type");
	dialog.show();
};

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

async function start(workflow, given) {
	const args = { workflow: workflow.name, ...given };
	const { run, problems } = await frappe.xcall("dogansystem.api.desk.run_now", args);
	if (problems.length) {
		const message = `${__("The run has started, but:")} ${dogan.problems_html(problems)}`;
		frappe.show_alert({ message, indicator: "orange" }, 15);
	}
	frappe.set_route("Form", "Dogan Workflow Run", run);
}

// A document is asked for where a trigger would give one, or a template uses it.
function document_fields(workflow) {
	const triggers = (workflow.triggers || []).filter((trigger) => trigger.document_type);
	const doctypes = [...new Set(triggers.map((trigger) => trigger.document_type))];
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

function input_fields(schema) {
	const properties = Object.entries(schema.properties || {});
	if (properties.length && properties.every(([, property]) => control_of(property))) {
		return properties.map(([name, property]) => ({
			fieldname: INPUT + name,
			label: dogan.escape(property.title || frappe.unscrub(name)),
			description: dogan.escape(property.description || ""),
			default: property.default,
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
			default: JSON.stringify(example_of(schema), null, 2),
			description: __("What the workflow's input schema asks for."),
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
