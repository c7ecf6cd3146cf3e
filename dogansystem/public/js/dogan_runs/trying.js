// Try: what a workflow would do, without doing it. The report as a person reads it, and one step alone.

import { answers_html, assumed_of, report_html } from "./report";

frappe.provide("dogan");

const DRY_RUN = "dogansystem.api.proving.dry_run";
const SINGLE_STEP = "dogansystem.api.proving.single_step";
const VALUES_OF = "dogansystem.api.proving.values_of";

// `frm`: the form of the workflow, saved or not.
dogan.try_workflow = (frm) => {
	const words = { title: __("Try {0}", [dogan.escape(name_of(frm))]), label: __("Try"), at_once: true };
	dogan.run_now(frm.doc, null, (workflow, given) => attempt(frm, DRY_RUN, given || {}), frm.dogan_tried?.given || null, words);
};

// `dialog`: where the report before is shown; it makes room for the next one.
async function attempt(frm, method, given, dialog = null) {
	const args = { ...given, definition: JSON.stringify(frm.dogan_views.definition()) };
	for (const key of ["answers", "pinned", "parameters"]) if (args[key]) args[key] = JSON.stringify(args[key]);
	frappe.dom.freeze(__("Trying"));
	const report = await frappe.xcall(method, args).finally(() => frappe.dom.unfreeze());
	frm.dogan_tried = { given, report, method };
	frm.dogan_views.show_tried(report);
	const title = __("What {0} would do", [dogan.escape(name_of(frm))]);
	show(frm, dialog || new frappe.ui.Dialog({ title, size: "extra-large" }));
}

function show(frm, dialog) {
	const { report, given, method } = frm.dogan_tried;
	const $body = $(dialog.body).off(".tried").addClass("dogan-tried").html(report_html(report, frm.dogan_views.definition()));
	$body.append(answers_html(report));
	const again = (answers) => attempt(frm, method, { ...given, answers: { ...(given.answers || {}), ...answers } }, dialog);
	$body.on("click.tried", "[data-decide]", ({ currentTarget }) => again(decided(report, currentTarget.dataset)));
	$body.on("click.tried", "[data-answer]", ({ currentTarget }) => ask_answer(currentTarget.dataset.answer, again));
	dialog.set_secondary_action_label(__("Save as Test"));
	if (report.test) dialog.set_secondary_action(() => download(`${name_of(frm)}.test.yaml`, report.test));
	dialog.set_primary_action(__("Try Again"), () => {
		put_away(dialog);
		if (method === SINGLE_STEP) return attempt(frm, method, given);
		dogan.try_workflow(frm);
	});
	dialog.get_secondary_btn().toggle(Boolean(report.test));
	dialog.show();
}

// Frappe does not hide a dialog that is still appearing: then it is hidden once it is there.
function put_away(dialog) {
	dialog.hide();
	if (dialog.$wrapper.hasClass("show")) dialog.$wrapper.one("shown.bs.modal", () => dialog.hide());
}

// What the same people say instead: a rejection has a comment, which may be wanted.
function decided(report, { decide, decision }) {
	const asked = report.approvals.find((each) => each.step === decide);
	return { [decide]: { decision, by: assumed_of(report, decide)?.by || asked.asked[0], comment: __("Tried out") } };
}

function ask_answer(request, again) {
	const fields = [
		{ fieldname: "status", fieldtype: "Int", label: __("Status"), default: 200, reqd: 1 },
		{ fieldname: "json", fieldtype: "Code", options: "JSON", label: __("Answer"), default: "{}" },
	];
	frappe.prompt(
		fields,
		({ status, json }) => again({ [`http ${request}`]: { status, json: JSON.parse(json || "null") } }),
		__("What {0} answers", [dogan.escape(request)]),
		__("Try Again")
	);
}

// A run that has ended, as a file of tests.
dogan.save_run_as_test = async ({ name, workflow }) => {
	download(`${workflow}.test.yaml`, await frappe.xcall("dogansystem.api.proving.as_test", { run: name }));
};

function download(name, text) {
	const link = document.createElement("a");
	link.href = URL.createObjectURL(new Blob([text], { type: "text/yaml" }));
	link.download = name;
	link.click();
	URL.revokeObjectURL(link.href);
}

// One step, with what the others gave in a run chosen here, or in what was tried last; each value may be changed.
dogan.try_step = async (frm, step) => {
	const tried = frm.dogan_tried?.method === DRY_RUN ? frm.dogan_tried : null;
	const [newest] = frm.is_new() ? [] : await frappe.xcall("dogansystem.api.workflows.list_runs", { workflow: frm.docname, limit: 1 });
	const title = step_title(frm, step);
	const dialog = new frappe.ui.Dialog({
		title: __("Try the step {0}", [dogan.escape(title)]),
		fields: [
			{
				fieldname: "run", fieldtype: "Link", options: "Dogan Workflow Run", label: __("With what the steps before gave in the run"),
				default: tried ? "" : newest?.run, get_query: () => ({ filters: { workflow: frm.docname } }),
				onchange: () => load(dialog, frm, step, tried),
			},
			{ fieldname: "pinned", fieldtype: "Code", options: "JSON", label: __("What they gave"), description: __("It may be changed: by the name of each step.") },
		],
		primary_action_label: __("Try"),
		async primary_action({ run, pinned }) {
			const values = parsed(pinned);
			if (!values) return;
			dialog.hide();
			const about = run ? { run } : tried ? { ...tried.given, answers: undefined } : {};
			await attempt(frm, SINGLE_STEP, { ...about, step, pinned: values });
		},
	}); // prettier-ignore
	dialog.show();
	load(dialog, frm, step, tried);
};

function parsed(text) {
	try {
		return JSON.parse(text || "{}");
	} catch (error) {
		frappe.msgprint({ title: __("Not Valid"), indicator: "red", message: dogan.escape(error.message) });
		return null;
	}
}

async function load(dialog, frm, step, tried) {
	const run = dialog.get_value("run");
	let outputs = {};
	if (run) ({ outputs } = await frappe.xcall(VALUES_OF, { run }));
	else if (tried) {
		const done = tried.report.steps.filter((each) => each.index === null && each.status === "Succeeded");
		outputs = Object.fromEntries(done.map((each) => [each.id, each.output]));
	}
	// Of all that is known, what this step reads.
	const own = JSON.stringify((frm.dogan_views.definition().steps || []).find(({ id }) => id === step) || {});
	const read = new Set([...own.matchAll(/steps\.(\w+)/g)].map(([, id]) => id));
	const kept = Object.entries(outputs).filter(([id]) => id !== step && read.has(id));
	dialog.set_value("pinned", JSON.stringify(Object.fromEntries(kept), null, 2));
}

const name_of = (frm) => frm.doc.title || frm.doc.workflow_name || __("Workflow");
const step_title = (frm, id) => (frm.dogan_views.definition().steps || []).find((each) => each.id === id)?.title || id;
