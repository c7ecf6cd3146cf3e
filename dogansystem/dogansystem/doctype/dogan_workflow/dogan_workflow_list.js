frappe.listview_settings["Dogan Workflow"] = {
	add_fields: ["enabled"],
	get_indicator: (doc) =>
		doc.enabled ? [__("Enabled"), "green", "enabled,=,1"] : [__("Disabled"), "gray", "enabled,=,0"],

	onload(list) {
		if (frappe.model.can_create(list.doctype)) {
			list.page.add_inner_button(__("From Template"), choose_template);
		}
	},
};

async function choose_template() {
	const templates = await frappe.xcall("dogansystem.api.desk.list_templates");
	const [usable, others] = [templates.filter((each) => !each.missing.length), templates.filter((each) => each.missing.length)];
	const user = frappe.session.user;
	const dialog = new frappe.ui.Dialog({
		title: __("Start from a Template"),
		size: "large",
		no_focus: true, // the list of users would cover the templates
		fields: [
			{
				fieldname: "run_as",
				fieldtype: "Link",
				options: "User",
				label: __("Run As"),
				reqd: 1,
				default: user === "Administrator" ? "" : user,
				description: __("The steps have this user's permissions. Administrator has all of them."),
			},
			{ fieldname: "templates", fieldtype: "HTML", options: [...usable, ...others].map(template_html).join("") },
		],
	});
	dialog.$body.on("click", "button[data-template]", async (event) => {
		const { template, exists } = event.currentTarget.dataset;
		const values = exists ? {} : dialog.get_values(); // null, and says so, when Run As is missing
		if (!values) return;
		dialog.hide();
		if (exists) return open_workflow({ workflow: template, lacking: [] });
		const chosen = templates.find(({ name }) => name === template);
		frappe.require("dogan_runs.bundle.js", () => dogan.use_template(chosen, values.run_as, open_workflow));
	});
	dialog.show();
}

async function open_workflow({ workflow, run_as, lacking }) {
	await frappe.set_route("Form", "Dogan Workflow", workflow);
	if (!lacking.length) return;
	const roles = lacking.map((role) => frappe.utils.escape_html(__(role)).bold()).join(", ");
	const user = frappe.utils.escape_html(run_as).bold();
	frappe.show_alert({ message: __("{0}, who is named in Run As, lacks: {1}", [user, roles]), indicator: "orange" }, 15);
}

function template_html({ name, title, description, missing, apps, exists }) {
	const escape = frappe.utils.escape_html;
	const needed = apps.length ? __("the app {0}", [apps.join(", ")]) : missing.map((doctype) => escape(__(doctype))).join(", ");
	const action = missing.length
		? `<span class="text-muted">${__("needs {0}", [needed])}</span>`
		: `<button class="btn btn-default btn-sm" data-template="${escape(name)}"
			data-exists="${exists ? 1 : ""}">
			${exists ? __("Open") : __("Use")}</button>`;
	return `<div class="dogan-template">
		<div><div class="bold">${escape(title)}</div><div class="text-muted">${escape(description)}</div></div>
		<div>${action}</div>
	</div>`;
}
