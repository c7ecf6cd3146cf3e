frappe.pages["dogan-inbox"].on_page_load = (wrapper) => {
	const page = frappe.ui.make_app_page({
		parent: wrapper,
		title: __("My Approvals"),
		single_column: true,
	});
	const waiting = frappe.xcall("dogansystem.api.inbox.waiting", { start: 0 }); // on its way while the scripts are
	wrapper.ready = frappe
		.require(["dogan_approvals.bundle.js", "dogan_inbox.bundle.js", "dogan_inbox.bundle.css"])
		.then(() => (wrapper.inbox = new dogan.Inbox(page, waiting)));
};

frappe.pages["dogan-inbox"].on_page_show = (wrapper) => {
	wrapper.ready.then(() => wrapper.inbox.show(frappe.get_route()[1]));
};

frappe.pages["dogan-inbox"].on_page_hide = (wrapper) => {
	wrapper.ready.then(() => wrapper.inbox.hide());
};
