// Loaded with every desk page, so it is small: colours of states, and the runs of a document on its form.
// What draws runs is fetched when there is one to draw.

import { FINISHED, STATE_COLOURS } from "./dogan_runs/states";

frappe.provide("dogan");

Object.assign(dogan, { STATE_COLOURS, FINISHED });

// A state in words. Frappe's own translations of some are of other things: Running of people, for example.
dogan.state_label = (state) => __(state, null, "Dogan Workflow Run");

dogan.state_pill = (state) =>
	`<span class="indicator-pill no-indicator-dot ${dogan.STATE_COLOURS[state]}">${dogan.state_label(state)}</span>`;

// A run that went on although something had failed has not simply succeeded: label and colour.
dogan.indicator_of_run = ({ status, failures }) =>
	status === "Succeeded" && failures
		? [__("Succeeded with errors"), "orange"]
		: [dogan.state_label(status), dogan.STATE_COLOURS[status]];

dogan.run_pill = (run) => {
	const [label, colour] = dogan.indicator_of_run(run);
	return `<span class="indicator-pill no-indicator-dot ${colour}">${label}</span>`;
};

// A column of a list is narrow: "24 Nov 03:31", the full time on hover.
dogan.list_time = (value) =>
	value
		? `<span dir="auto" title="${frappe.datetime.str_to_user(value)}">${moment(value).format("D MMM HH:mm")}</span>`
		: "";

// What the workers write holds what anybody has written into a document, a mail or a form. Frappe makes such texts harmless
// when a person saves them, which nobody does here, and shows them as HTML: these DocTypes' texts are shown as text.
const TEXTS = ["Data", "Small Text", "Text", "Long Text"];

dogan.show_as_text = (doctype) => {
	// The first document that is opened has its copies of the fields before the DocType's script runs.
	const copies = Object.values(frappe.meta.docfield_copy[doctype] || {}).flatMap(Object.values);
	for (const field of [...frappe.get_meta(doctype).fields, ...copies]) {
		if (TEXTS.includes(field.fieldtype)) field.formatter = without_tags;
	}
};

// A text that is escaped already, as Frappe does with some, stays as it is.
function without_tags(value) {
	return String(value ?? "").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}

// A cost has up to nine decimals, and mostly needs one or two: shown are those that it needs.
dogan.show_decimals_as_needed = (doctype) => {
	const is_cost = ({ fieldtype, precision }) => fieldtype === "Float" && precision === "9";
	const copies = Object.values(frappe.meta.docfield_copy[doctype] || {}).flatMap(Object.values);
	for (const field of [...frappe.get_meta(doctype).fields, ...copies].filter(is_cost)) field.formatter = as_needed;
	frappe.ui.form.on(doctype, {
		refresh(frm) {
			for (const field of Object.values(frm.fields_dict).filter(({ df }) => is_cost(df))) {
				field.df.formatter = as_needed;
				field.format_for_input = as_needed;
				field.refresh_input();
			}
		},
	});
};

function as_needed(value) {
	const [, decimals] = Number(value || 0).toFixed(9).replace(/0+$/, "").split(".");
	return format_number(value || 0, null, decimals.length);
}

dogan.may_see_runs = () =>
	["Dogan User", "Dogan Manager", "System Manager"].some((role) => frappe.user.has_role(role));

// The workspace says what is wrong with the site's machinery, and what there is to do.
frappe.router.on("change", () => {
	const is_there = () => frappe.get_route_str() === "Workspaces/Dogan System";
	$("#page-Workspaces").find(".dogan-problems, .dogan-home").remove();
	if (!is_there() || !dogan.may_see_runs()) return;
	frappe.require("dogan_runs.bundle.js", () => {
		const wrapper = $("#page-Workspaces .layout-main-section");
		dogan.show_problems_of_site(wrapper, is_there);
		dogan.show_home(wrapper, is_there);
	});
});

$(document).on("form-refresh", (event, frm) => {
	const doctypes = (frappe.boot.dogan && frappe.boot.dogan.doctypes) || [];
	if (frm.is_new() || !doctypes.includes(frm.doctype)) return;
	// Whoever may read the document may know what happens to it, and whoever is asked may decide, whatever their roles.
	frappe.require("dogan_runs.bundle.js", () => dogan.show_runs_of_document(frm));
	frappe.require("dogan_approvals.bundle.js", () => dogan.show_approvals_of_document(frm));
});

// The list of documents has "Run…" for those that are chosen.
if (frappe.views && frappe.views.ListView) {
	const items_of = frappe.views.ListView.prototype.get_actions_menu_items;
	frappe.views.ListView.prototype.get_actions_menu_items = function () {
		const items = items_of.call(this);
		const doctypes = (frappe.boot.dogan && frappe.boot.dogan.doctypes) || [];
		if (doctypes.includes(this.doctype) && dogan.may_see_runs()) {
			const action = () =>
				frappe.require("dogan_runs.bundle.js", () =>
					dogan.run_for_many(this.doctype, this.get_checked_items(true))
				);
			items.push({ label: __("Run a Workflow…"), action, standard: true });
		}
		return items;
	};
}
