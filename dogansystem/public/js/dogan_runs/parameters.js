// The button Parameters of a workflow: a control for each parameter, by its schema. Only what was changed is set.

import { control_of, leave_numbers_empty, value_of } from "./controls";

frappe.provide("dogan");

const PARAMETER = "parameter:"; // in front of a parameter's name, so that it meets no other field
const [MODEL, AGENT_USER] = ["agent:model", "agent:user"]; // no parameter is called so

dogan.set_parameters = (workflow, done) => {
	const title = __("Parameters of {0}", [dogan.escape(workflow.title || workflow.name)]);
	const kept = JSON.parse(workflow.parameter_values || "{}");
	ask(title, __("Set"), JSON.parse(workflow.parameters || "{}"), kept, async (values) => {
		const args = { workflow: workflow.name, values };
		await frappe.xcall("dogansystem.api.workflows.set_parameters", args);
		done();
	});
};

// A workflow is made from a template, disabled; what the template asks is asked first. `done` gets what the server answers.
dogan.use_template = (template, run_as, done) => {
	const use = async ({ [MODEL]: model, [AGENT_USER]: agent_user, ...parameters }) => {
		const args = { name: template.name, run_as, parameters, model, agent_user };
		const made = await frappe.xcall("dogansystem.api.desk.use_template", args);
		done(made);
	};
	const asked = { ...of_agent(template.agent), ...template.parameters };
	if (!Object.keys(asked).length) return use({});
	ask(dogan.escape(template.title), __("Make It"), asked, {}, use);
};

// What has to be known of the AI agent that is made with a workflow, as parameters have it.
function of_agent(agent) {
	if (!agent || agent.exists) return {};
	const roles = agent.roles.map((each) => __(each)).join(", ");
	return {
		[MODEL]: { type: "string", format: "link:Dogan Model", title: __("Model that the AI agent {0} asks", [agent.name]) },
		[AGENT_USER]: {
			type: "string",
			format: "user",
			title: __("User whose permissions {0} has", [agent.name]),
			description: roles ? __("It needs the roles: {0}", [roles]) : __("It needs no role."),
		},
	};
}

// A dialog with a control for each parameter. `save` gets the values that are not as they were.
function ask(title, label, parameters, kept, save) {
	const schemas = Object.entries(parameters);
	const dialog = new frappe.ui.Dialog({
		title,
		fields: schemas.map(([name, schema]) => field_of(name, schema)),
		primary_action_label: label,
		async primary_action(values) {
			const changed = changes(dialog, schemas, kept, values);
			if (changed) {
				await save(changed);
				dialog.hide();
			}
		},
	});
	leave_numbers_empty(dialog);
	for (const [name, schema] of schemas) {
		const value = kept[name] ?? schema.default;
		if (value !== undefined) dialog.set_value(PARAMETER + name, shown(schema, value));
	}
	dialog.show();
}

function field_of(name, schema) {
	const fallback = schema.default === undefined ? "" : __("Default: {0}", [as_text(schema.default)]);
	return {
		fieldname: PARAMETER + name,
		label: dogan.escape(schema.title),
		description: [schema.description, fallback].filter(Boolean).map(dogan.escape).join(" "),
		reqd: schema.default === undefined && schema.type !== "boolean" ? 1 : 0,
		...(control_of(schema) || { fieldtype: "Code", options: "JSON" }),
	};
}

// A value as its control takes it.
function shown(schema, value) {
	if (!control_of(schema)) return JSON.stringify(value, null, 1);
	return typeof value === "boolean" ? Number(value) : value;
}

function as_text(value) {
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
