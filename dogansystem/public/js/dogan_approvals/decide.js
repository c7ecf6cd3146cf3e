// Approve, reject, answer, pass on, reassign: each asks in a dialog what it needs.

import { leave_numbers_empty } from "../dogan_runs/controls";

frappe.provide("dogan");

const VALUE = "value:"; // in front of a field's name, so that it meets no other field
const escape = (text) => frappe.utils.escape_html(String(text ?? ""));
const call = (method, args) => frappe.xcall(`dogansystem.api.approvals.${method}`, args);

const TITLES = (dogan.DECISION_TITLES = { approved: __("Approve"), rejected: __("Reject"), answered: __("Answer") });

// A button for each decision that the person may take: `add(label, handler, is_main)`.
dogan.approval_buttons = (approval, add, done) => {
	if (!approval.may_decide) return;
	const decisions = approval.kind === "ask" ? ["answered"] : ["approved", "rejected"];
	for (const decision of decisions) {
		add(TITLES[decision], () => dogan.decide(approval, decision, done), decision !== "rejected");
	}
};

// What has to be filled in for a decision.
dogan.decision_fields = (approval, decision) => {
	const needs_comment =
		approval.comment === "required" || (approval.comment === "on_rejection" && decision === "rejected");
	const fields = approval.fields.map((field) => field_of(field, decision !== "rejected"));
	if (approval.kind !== "ask") {
		fields.push({ fieldname: "comment", fieldtype: "Small Text", label: __("Comment"), reqd: needs_comment ? 1 : 0 });
	}
	if (approval.for) {
		fields.unshift({
			fieldtype: "HTML",
			options: `<p>${__("You decide for {0}.", [escape(frappe.user.full_name(approval.for)).bold()])}</p>`,
		});
	}
	return fields;
};

dogan.leave_numbers_empty = leave_numbers_empty;

dogan.send_decision = (approval, decision, values) => {
	const given = approval.fields.map(({ name }) => [name, values[VALUE + name]]);
	return call("decide", {
		approval: approval.approval,
		decision,
		comment: values.comment || "",
		values: Object.fromEntries(given.filter(([, value]) => value !== undefined && value !== null)),
	});
};

dogan.decide = (approval, decision, done) => {
	ask(TITLES[decision], dogan.decision_fields(approval, decision), async (values) => {
		done(await dogan.send_decision(approval, decision, values));
	});
};

dogan.pass_on = (approval, done) => {
	ask(__("Pass On"), [user_field("to", __("To Whom"))], async ({ to }) => {
		done(await call("pass_on", { approval: approval.approval, to }));
	});
};

dogan.reassign = (approval, done) => {
	const whose = {
		fieldname: "whose",
		fieldtype: "Select",
		label: __("Instead of"),
		options: approval.asked,
		default: approval.asked[0],
		reqd: 1,
	};
	ask(__("Reassign"), [whose, user_field("to", __("To Whom"))], async (values) => {
		done(await call("reassign", { approval: approval.approval, ...values }));
	});
};

function user_field(fieldname, label) {
	const get_query = () => ({ filters: { enabled: 1 } });
	return { fieldname, label, fieldtype: "Link", options: "User", reqd: 1, get_query, ignore_link_validation: 1 };
}

function field_of({ name, label, type, options, required, default: value }, is_needed) {
	return {
		fieldname: VALUE + name,
		fieldtype: type,
		label: escape(__(label)),
		options: type === "Select" ? ["", ...options] : type === "Link" ? options[0] : undefined,
		reqd: is_needed && required && type !== "Check" ? 1 : 0,
		default: value,
		ignore_link_validation: 1,
	};
}

// The dialog stays open, with what was filled in, if the server refuses.
function ask(title, fields, send) {
	const dialog = new frappe.ui.Dialog({
		title,
		fields,
		primary_action_label: title,
		async primary_action(values) {
			dialog.disable_primary_action();
			try {
				await send(values);
				dialog.hide();
			} finally {
				dialog.enable_primary_action();
			}
		},
	});
	leave_numbers_empty(dialog);
	dialog.show();
}
