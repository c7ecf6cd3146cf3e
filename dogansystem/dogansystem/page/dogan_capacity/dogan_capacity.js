frappe.pages["dogan-capacity"].on_page_load = (wrapper) => {
	const page = frappe.ui.make_app_page({
		parent: wrapper,
		title: __("Capacity"),
		single_column: true,
	});
	wrapper.ready = frappe
		.require(["dogan_capacity.bundle.js", "dogan_capacity.bundle.css"])
		.then(() => (wrapper.capacity = new dogan.CapacityPage(page)));
};

frappe.pages["dogan-capacity"].on_page_show = (wrapper) => {
	wrapper.ready.then(() => wrapper.capacity.show());
};

frappe.pages["dogan-capacity"].on_page_hide = (wrapper) => {
	wrapper.ready.then(() => wrapper.capacity.hide());
};
