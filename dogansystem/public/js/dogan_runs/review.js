// Where Settings ask for a review: what is to be done with the version that is saved now before it is enabled.

frappe.provide("dogan");

dogan.show_review = async (frm, enable) => {
	const name = frm.docname;
	const state = await frappe.xcall("dogansystem.api.reviews.state", { workflow: name });
	if (frm.docname !== name || frm.doc.enabled) return;
	frm.set_intro("");
	if (!state.required || state.approved_by) {
		frm.add_custom_button(__("Enable"), enable);
		if (state.required) frm.set_intro(__("Version {0} was approved by {1}. It can be enabled.", [state.version, person(state.approved_by)]), "green");
		return;
	}
	if (state.approval) {
		const link = dogan.link("Dogan Approval", state.approval, state.asked.map((user) => frappe.user.full_name(user)).join(", "));
		frm.set_intro(__("Version {0} is in review: {1}", [state.version, link]), "orange");
		return;
	}
	frm.set_intro(__("Version {0} has to be approved by somebody else before the workflow is enabled.", [state.version]), "orange");
	frm.add_custom_button(__("Ask for Review"), () => ask(frm)).addClass("btn-primary");
};

function ask(frm) {
	if (frm.is_dirty()) {
		frappe.msgprint(__("Save the workflow first: what is saved is reviewed."));
		return;
	}
	frappe.confirm(__("Ask for a review of what is saved now? They see what is different from the version that was approved last."), async () => {
		const { run } = await frappe.xcall("dogansystem.api.reviews.ask", { workflow: frm.docname });
		const link = dogan.link("Dogan Workflow Run", run, __("run"));
		frappe.show_alert({ message: __("The review is asked for: {0}", [link]), indicator: "green" });
		frm.reload_doc();
	});
}

const person = (user) => dogan.escape(frappe.user.full_name(user));
