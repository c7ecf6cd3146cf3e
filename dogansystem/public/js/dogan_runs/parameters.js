// The button Parameters of a workflow: a control for each parameter, by its schema. Only what was changed is set.

import { control_of, value_of } from "./controls";

frappe.provide("dogan");

const PARAMETER = "parameter:"; // in front of a parameter's name, so that it meets no other field

dogan.set_parameters = (workflow, done) => {
	const schemas = Object.entries(JSON.parse(workflow.parameters || "{}"));
	const kept = JSON.parse(workflow.parameter_values || "{}");
	const dialog = new frappe.ui.Dialog({
		title: __("Parameters of {0}", [workflow.title || workflow.name]),
		fields: schemas.map(([name, schema]) => field_of(name, schema, kept[name] ?? schema.default)),
		primary_action_label: __("Set"),
		async primary_action(values) {
			const changed = changes(dialog, schemas, kept, values);
			if (changed) {
				const args = { workflow: workflow.name, values: changed };
				await frappe.xcall("dogansystem.api.workflows.set_parameters", args);
				dialog.hide();
				done();
			}
		},
	});
	dialog.show();
};

function field_of(name, schema, value) {
	const control = control_of(schema);
	const fallback = schema.default === undefined ? "" : __("Default: {0}", [show(schema.default)]);
	return {
		fieldname: PARAMETER + name,
		label: schema.title,
		description: [schema.description, fallback].filter(Boolean).map(dogan.escape).join(" "),
		reqd: schema.default === undefined && schema.type !== "boolean" ? 1 : 0,
		...(control
			? { ...control, default: schema.type === "boolean" ? (value ? 1 : 0) : value }
			: { fieldtype: "Code", options: "JSON", default: value === undefined ? "" : JSON.stringify(value, null, 1) }),
	};
}

function show(value) {
	return typeof value === "string" ? value : JSON.stringify(value);
}

// The values that are not as they were; null, after a message, where JSON cannot be read. An empty field takes a value away.
function changes(dialog, schemas, kept, values) {
	const changed = {};
	for (const [name, schema] of schemas) {
		const before = kept[name] ?? schema.default;
		let value = value_of(dialog.fields_dict[PARAMETER + name], values[PARAMETER + name], schema);
		if (value !== undefined && !control_of(schema)) {
			try {
				value = JSON.parse(value);
			} catch (error) {
				frappe.msgprint(__("{0}: not valid JSON: {1}", [dogan.escape(schema.title), dogan.escape(error.message)]));
				return null;
			}
		}
		if (JSON.stringify(value) !== JSON.stringify(before)) changed[name] = value ?? null;
	}
	return changed;
}
