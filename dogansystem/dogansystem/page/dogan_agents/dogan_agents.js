frappe.pages["dogan-agents"].on_page_load = (wrapper) => {
	const page = frappe.ui.make_app_page({
		parent: wrapper,
		title: __("AI Agents"),
		single_column: true,
	});
	wrapper.ready = frappe
		.require(["dogan_runs.bundle.js", "dogan_agents.bundle.js", "dogan_agents.bundle.css"])
		.then(() => (wrapper.agents = new dogan.AgentsPage(page)));
};

frappe.pages["dogan-agents"].on_page_show = (wrapper) => {
	wrapper.ready.then(() => wrapper.agents.show());
};
