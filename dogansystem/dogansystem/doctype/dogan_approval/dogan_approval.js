dogan.show_as_text("Dogan Approval");

frappe.ui.form.on("Dogan Approval", {
	onload(frm) {
		for (const field of ["asked_at", "deadline", "settled_at", "next_reminder"]) {
			frm.set_df_property(field, "hide_timezone", 1);
		}
	},

	refresh(frm) {
		frm.disable_save();
		frappe.require("dogan_approvals.bundle.js", () => frm.events.draw(frm));
	},

	async draw(frm) {
		const name = frm.docname;
		const approval = await frappe.xcall("dogansystem.api.approvals.get", { approval: name });
		if (frm.docname !== name) return;
		frm.page.set_indicator(__(approval.status), dogan.APPROVAL_COLOURS[approval.status]);
		const $shown = $(frm.get_field("shown").wrapper).html(dogan.approval_html(approval));
		frm.events.show_buttons(frm, approval);
		// On a phone the head of a form hides its buttons in a menu.
		const $buttons = $(`<div class="dogan-approval-buttons"></div>`).appendTo($shown);
		dogan.approval_buttons(
			approval,
			(label, press, is_main) =>
				$(`<button type="button" class="btn ${is_main ? "btn-primary" : "btn-default"}">${label}</button>`)
					.on("click", press)
					.appendTo($buttons),
			() => frm.reload_doc()
		);
	},

	show_buttons(frm, approval) {
		const done = () => frm.reload_doc();
		frm.clear_custom_buttons();
		dogan.approval_buttons(
			approval,
			(label, press, is_main) => {
				const button = frm.add_custom_button(label, press);
				if (is_main) button.removeClass("btn-default").addClass("btn-primary");
			},
			done
		);
		if (approval.may_decide && approval.delegate) {
			frm.add_custom_button(__("Pass On"), () => dogan.pass_on(approval, done));
		}
		if (approval.status === "Open" && approval.asked.length && frappe.user.has_role("System Manager")) {
			frm.add_custom_button(__("Reassign"), () => dogan.reassign(approval, done));
		}
	},
});
