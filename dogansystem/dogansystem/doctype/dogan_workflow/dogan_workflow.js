frappe.ui.form.on("Dogan Workflow", {
	setup(frm) {
		frm.set_query("run_as", () => ({ filters: { enabled: 1 } }));
		frm.set_query("agent", "steps", () => ({ filters: { enabled: 1 } }));
		frm.set_query("document_type", "triggers", () => ({ filters: { istable: 0, issingle: 0 } }));
	},

	async onload(frm) {
		frm.set_df_property("enabled_since", "hide_timezone", 1); // Frappe does not translate what it puts it behind
		await load_actions(frm);
		as_autocomplete(frm, "steps", "action", frm.dogan_actions.map((action) => ({
			value: action.name,
			label: action.name,
			description: __(action.summary),
		})));
		as_autocomplete(frm, "triggers", "timezone", frappe.all_timezones || []);
	},

	before_save(frm) {
		return frm.dogan_views && frm.dogan_views.before_save();
	},

	refresh(frm) {
		if (dogan.may_see_runs()) frappe.require("dogan_canvas.bundle.js", () => dogan.show_workflow(frm));
		if (may_try(frm)) {
			frm.add_custom_button(__("Try"), () => try_it(frm));
			frm.add_custom_button(__("Rehearse"), () => rehearse(frm));
		}
		if (frm.is_new()) {
			frm.set_intro(
				__("Name the workflow, add its steps, save. Run tries it by hand; enable it once that did what you want.")
			);
			return;
		}
		frm.page.set_indicator(
			...(frm.doc.enabled ? [__("Enabled"), "green"] : [__("Disabled"), "gray"])
		);
		if (frm.perm[0].write) frm.add_custom_button(__("Check"), () => check(frm));
		if (!frm.doc.enabled && frm.perm[0].write) {
			frm.set_intro(__("Disabled: its triggers start no runs. Run tries it by hand; enable it once that did what you want."));
		}
		if (frm.doc.parameters && frm.perm[0].write) {
			frm.add_custom_button(__("Parameters"), () => set_parameters(frm));
		}
		if (may_start(frm)) frm.add_custom_button(__("Run"), () => run(frm));
		if (!frm.doc.enabled && frm.perm[0].write) offer_enabling(frm);
		show_runs(frm);
	},

	after_save(frm) {
		if (frm.dogan_views) frm.dogan_views.after_save();
		// The forms of these documents show their runs from now on, without loading the desk again.
		const doctypes = frappe.boot.dogan.doctypes;
		for (const trigger of frm.doc.triggers || []) {
			if (trigger.document_type && !doctypes.includes(trigger.document_type)) {
				doctypes.push(trigger.document_type);
			}
		}
	},
});

frappe.ui.form.on("Dogan Workflow Step", {
	form_render: show_action_help,
	action: show_action_help,
});

frappe.ui.form.on("Dogan Workflow Trigger", {
	form_render: offer_fields,
	document_type: offer_fields,
});

// What is not saved yet can be tried as well. Whoever tries a workflow sees what its user may read: only a System Manager may
// try one of somebody else.
function may_try(frm) {
	if (!frm.perm[0]?.write) return false;
	const is_own = [undefined, null, "", frappe.session.user].includes(frm.doc.run_as);
	return frappe.user.has_role("System Manager") || (is_own && frappe.user.has_role("Dogan Manager"));
}

function try_it(frm) {
	frappe.require(["dogan_canvas.bundle.js", "dogan_runs.bundle.js"], () => dogan.try_workflow(frm));
}

function rehearse(frm) {
	frappe.require(["dogan_canvas.bundle.js", "dogan_runs.bundle.js"], () => dogan.rehearse_workflow(frm));
}

// As the server decides it: managers always, others an enabled one with a manual trigger for all or for a role of theirs.
function may_start(frm) {
	if (["Dogan Manager", "System Manager"].some((role) => frappe.user.has_role(role))) return true;
	if (!frm.doc.enabled) return false;
	return (frm.doc.triggers || []).some(
		({ kind, role }) =>
			kind === "manual" && frappe.user.has_role("Dogan User") && (!role || frappe.user.has_role(role))
	);
}

async function load_actions(frm) {
	frm.dogan_actions = frm.dogan_actions || (await frappe.xcall("dogansystem.api.desk.actions"));
}

// A plain text field of a child table, in the grid and in the row's form, with suggestions.
function as_autocomplete(frm, table, field, options) {
	const grid = frm.get_field(table).grid;
	grid.update_docfield_property(field, "fieldtype", "Autocomplete");
	grid.update_docfield_property(field, "options", options);
}

async function show_action_help(frm, doctype, name) {
	const row = frm.fields_dict.steps.grid.grid_rows_by_docname[name];
	const field = row && row.grid_form && row.grid_form.fields_dict.action_help;
	if (!field) return;
	await load_actions(frm);
	const action = frm.dogan_actions.find((each) => each.name === locals[doctype][name].action);
	field.$wrapper.html(action ? help_of(action) : "");
}

function help_of(action) {
	const escape = frappe.utils.escape_html;
	const rows = action.parameters.map((parameter) => {
		const name = parameter.required ? `<b>${escape(parameter.name)}</b>` : escape(parameter.name);
		const choices = parameter.choices ? `: ${parameter.choices.map(escape).join(", ")}` : "";
		const fallback =
			parameter.default === undefined ? "" : ` (${__("default")} ${escape(JSON.stringify(parameter.default))})`;
		return `<tr><td><code>${name}</code></td><td class="text-muted">${escape(parameter.type)}${choices}</td>
			<td>${escape(__(parameter.description))}${fallback}</td></tr>`;
	});
	const outside = action.external
		? `<div class="text-warning">${__("Reaches outside the database: what it does cannot be rolled back.")}</div>`
		: "";
	return `<div class="dogan-help">
		<div>${escape(__(action.summary))}</div>${outside}
		<table>${rows.join("")}</table>
		<div class="text-muted">${__("Gives")}: ${escape(__(action.returns))}</div>
	</div>`;
}

// The fields of the row's DocType, for the triggers "changed" and "date".
function offer_fields(frm, doctype, name) {
	const trigger = locals[doctype][name];
	if (!["document", "date"].includes(trigger.kind) || !trigger.document_type) return;
	frappe.model.with_doctype(trigger.document_type, () => {
		const fields = frappe.get_meta(trigger.document_type).fields.filter(
			(field) => !frappe.model.no_value_type.includes(field.fieldtype)
		);
		const options = fields.map((field) => ({ value: field.fieldname, label: field.fieldname, description: __(field.label) }));
		as_autocomplete(frm, "triggers", "field", options);
	});
}

async function check(frm) {
	const problems = await frappe.xcall("dogansystem.api.desk.check", { doc: frm.doc });
	if (!problems.length) {
		frappe.show_alert({ message: __("The workflow is valid."), indicator: "green" });
		return;
	}
	frappe.msgprint({
		title: __("Not Valid"),
		indicator: "red",
		as_list: true,
		message: problems.map((problem) => frappe.utils.escape_html(problem.message)),
	});
}

function offer_enabling(frm) {
	const press = () => enable(frm);
	if (!frappe.boot.dogan.require_review) frm.add_custom_button(__("Enable"), press);
	else frappe.require("dogan_runs.bundle.js", () => dogan.show_review(frm, press));
}

async function enable(frm) {
	await frm.set_value("enabled", 1);
	await frm.save().catch(() => frm.set_value("enabled", 0));
}

function run(frm) {
	if (frm.is_dirty()) {
		frappe.msgprint(__("Save the workflow first: a run uses the saved version."));
		return;
	}
	frappe.require("dogan_runs.bundle.js", () => dogan.run_now(frm.doc));
}

function set_parameters(frm) {
	if (frm.is_dirty()) {
		frappe.msgprint(__("Save the workflow first: the values are checked against what is saved."));
		return;
	}
	frappe.require("dogan_runs.bundle.js", () => dogan.set_parameters(frm.doc, () => frm.reload_doc()));
}

function show_runs(frm) {
	frappe.require("dogan_runs.bundle.js", async () => {
		const runs = await frappe.xcall("dogansystem.api.workflows.list_runs", { workflow: frm.docname });
		const wrapper = $(frm.get_field("runs_html").wrapper);
		wrapper.html(
			runs.length
				? dogan.run_rows(runs, { show_document: true })
				: `<div class="text-muted">${__("No runs yet")}</div>`
		);
		dogan.show_problems_of_site($(frm.layout.wrapper).parent(), () => cur_frm === frm);
	});
}
