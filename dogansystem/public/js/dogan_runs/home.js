// The top of the workspace: what waits for whoever looks, and where to begin, for each of the four kinds of people.

frappe.provide("dogan");
frappe.provide("frappe.dashboards.chart_sources");

// What the desk would fetch by itself, one request more, as it is in the chart's source.
frappe.dashboards.chart_sources["Dogan Runs per Day"] = { method: "dogansystem.api.desk.runs_per_day", filters: [] };

dogan.show_home = async (wrapper, is_still_there) => {
	const found = await frappe.xcall("dogansystem.api.desk.home");
	if (!is_still_there()) return;
	wrapper.children(".dogan-home").remove();
	const cards = [for_all(found), ...(found.is_manager ? [for_managers(found)] : []), ...(found.is_administrator ? [for_administrators(found)] : [])];
	const home = $(`<section class="dogan-home" aria-label="${__("What to do")}">${cards.map(card_html).join("")}</section>`);
	home.on("click", "[data-do]", (event) => {
		DO[event.currentTarget.dataset.do]();
		return false;
	});
	const problems = wrapper.children(".dogan-problems");
	if (problems.length) problems.after(home);
	else wrapper.prepend(home);
};

const DO = {
	approvals: () => frappe.set_route("dogan-inbox"),
	substitute: () => frappe.set_route("dogan-inbox", "substitutes"),
	failed: () => frappe.set_route("List", "Dogan Workflow Run", { status: "Failed" }),
	runs: () => frappe.set_route("List", "Dogan Workflow Run"),
	template: () => dogan.show_gallery(dogan.open_workflow),
	create: () => frappe.new_doc("Dogan Workflow"),
	workflows: () => frappe.set_route("List", "Dogan Workflow"),
	capacity: () => frappe.set_route("dogan-capacity"),
	settings: () => frappe.set_route("Form", "Dogan Settings"),
	decisions: () => frappe.set_route("query-report", "Dogan Decisions"),
};

dogan.open_workflow = async ({ workflow, run_as, lacking, agent }) => {
	await frappe.set_route("Form", "Dogan Workflow", workflow);
	const names = (roles) => roles.map((role) => frappe.utils.escape_html(__(role)).bold()).join(", ");
	const bold = (user) => frappe.utils.escape_html(user).bold();
	const tell = (message) => frappe.show_alert({ message, indicator: "orange" }, 15);
	if (lacking.length) tell(__("{0}, who is named in Run As, lacks: {1}", [bold(run_as), names(lacking)]));
	if (agent?.lacking.length) tell(__("{0}, the user of {1}, lacks: {2}", [bold(agent.user), bold(agent.name), names(agent.lacking)]));
};

function for_all({ pending }) {
	const text = pending
		? __("Approvals that wait for your decision: {0}.", [pending])
		: __("Nothing waits for your decision.");
	return [__("Decide"), text, [["approvals", __("My Approvals"), pending], ["substitute", __("Let Somebody Stand In for Me")]]];
}

function for_managers({ workflows, enabled, failed }) {
	if (!workflows) {
		const text = __("There is no workflow yet. Take a template: it is made disabled, so that you can look at it and try it first.");
		return [__("Automate"), text, [["template", __("Start from a Template"), 1], ["create", __("Create a Workflow")]]];
	}
	const state = __("{0} of {1} workflows are enabled.", [enabled, workflows]);
	const text = failed ? `${state} ${__("Runs that failed since yesterday: {0}.", [failed])}` : state;
	const first = failed ? [["failed", __("See What Failed"), 1]] : [];
	return [__("Automate"), text, [...first, ["template", __("Start from a Template")], ["workflows", __("Workflows")], ["runs", __("Runs")]]];
}

function for_administrators({ problems }) {
	const text = problems
		? __("Something is wrong with the site's machinery: see above.")
		: __("Workers, scheduler and database are well.");
	return [
		__("Run and Audit"),
		text,
		[["capacity", __("Capacity")], ["settings", __("Settings")], ["decisions", __("Who Decided What")]],
	];
}

function card_html([title, text, buttons]) {
	const shown = buttons.map(
		([what, label, is_main]) =>
			`<button type="button" class="btn btn-sm ${is_main ? "btn-primary" : "btn-default"}" data-do="${what}">${label}</button>`
	);
	return `<div class="dogan-home-card"><h5>${title}</h5><p>${text}</p><div class="dogan-home-buttons">${shown.join("")}</div></div>`;
}
