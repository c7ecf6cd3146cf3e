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
			{ fieldname: "templates", fieldtype: "HTML", options: templates.map(template_html).join("") },
		],
	});
	dialog.$body.on("click", "button[data-template]", async (event) => {
		const { template, exists } = event.currentTarget.dataset;
		const values = exists ? {} : dialog.get_values(); // null, and says so, when Run As is missing
		if (!values) return;
		const made = await frappe.xcall("dogansystem.api.desk.use_template", {
			name: template,
			run_as: values.run_as,
		});
		dialog.hide();
		frappe.set_route("Form", "Dogan Workflow", made.workflow);
	});
	dialog.show();
}

function template_html({ name, title, description, missing, exists }) {
	const escape = frappe.utils.escape_html;
	const action = missing.length
		? `<span class="text-muted">${__("needs {0}", [missing.map((doctype) => escape(__(doctype))).join(", ")])}</span>`
		: `<button class="btn btn-default btn-sm" data-template="${escape(name)}"
			data-exists="${exists ? 1 : ""}">
			${exists ? __("Open") : __("Use")}</button>`;
	return `<div class="dogan-template">
		<div><div class="bold">${escape(title)}</div><div class="text-muted">${escape(description)}</div></div>
		<div>${action}</div>
	</div>`;
}
