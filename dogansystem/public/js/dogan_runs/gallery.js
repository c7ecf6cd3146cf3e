// The templates: what each does, what it needs and asks, and what this site lacks for it.

frappe.provide("dogan");

const escape = (text) => dogan.escape(text);
const SHOWN_STEPS = 6;

// What starts a run, in a few words.
const STARTS = {
	document: ({ doctype, event }) => __("{0} is {1}", [__(doctype), __(event)]),
	date: ({ doctype, field }) => __("{0} of {1} comes", [__(field), __(doctype)]),
	condition: ({ doctype }) => __("{0} matches", [__(doctype)]),
	schedule: () => __("at set times"),
	webhook: () => __("a webhook comes"),
	email: () => __("a mail comes"),
	signal: () => __("a signal comes"),
	run: () => __("a run ends"),
	manual: () => __("by hand"),
};

// `done` gets what the server answers once a workflow was made of a template, or is there already.
dogan.show_gallery = async (done) => {
	const templates = await frappe.xcall("dogansystem.api.desk.list_templates");
	const [usable, others] = [templates.filter(is_usable), templates.filter((each) => !is_usable(each))];
	const user = frappe.session.user;
	const dialog = new frappe.ui.Dialog({
		title: __("Start from a Template"),
		size: "extra-large",
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
			{ fieldtype: "Column Break" },
			{ fieldname: "search", fieldtype: "Data", label: __("Search"), description: __("Quotation, overdue, approval …") },
			{ fieldtype: "Section Break" },
			{
				fieldname: "templates",
				fieldtype: "HTML",
				options: `<div class="dogan-gallery">${[...usable, ...others].map(template_html).join("")}</div>`,
			},
		],
	});
	dialog.$body.on("input", "[data-fieldname=search] input", (event) => search(dialog, event.target.value));
	dialog.$body.on("click", "button[data-template]", (event) => choose(dialog, templates, event.currentTarget.dataset, done));
	dialog.show();
};

function is_usable({ missing, problems }) {
	return !missing.length && !problems.length;
}

function search(dialog, text) {
	const words = text.toLowerCase().split(/\s+/).filter(Boolean);
	dialog.$body.find(".dogan-template").each((_, each) => {
		const content = each.textContent.toLowerCase();
		$(each).toggle(words.every((word) => content.includes(word)));
	});
}

function choose(dialog, templates, { template, exists }, done) {
	const values = exists ? {} : dialog.get_values(); // null, and says so, when Run As is missing
	if (!values) return;
	dialog.hide();
	if (exists) return done({ workflow: template, lacking: [] });
	const chosen = templates.find(({ name }) => name === template);
	dogan.use_template(chosen, values.run_as, done);
}

function template_html(template) {
	const { title, description, parameters, doctypes, roles, agent } = template;
	const asks = Object.values(parameters).map((schema) => schema.title);
	const facts = [
		[__("Works on"), doctypes.map((each) => __(each))],
		[__("Run As needs"), roles.map((each) => __(each))],
		[__("AI agent"), agent ? [agent.name] : []],
		[__("Asks for"), asks],
	].filter(([, values]) => values.length);
	const rows = facts.map(([label, values]) => `<dt>${label}</dt><dd>${values.map(escape).join(", ")}</dd>`);
	return `<article class="dogan-template">
		<h5>${escape(title)}</h5>
		${flow_html(template)}
		<p>${escape(description)}</p>
		<dl>${rows.join("")}</dl>
		<div class="dogan-template-end">${lacks_html(template)}${button_html(template)}</div>
	</article>`;
}

function flow_html({ starts, steps }) {
	const start = starts.map((each) => STARTS[each.on](each)).join(` ${__("or")} `);
	const rest = steps.length > SHOWN_STEPS ? [__("and {0} more", [steps.length - SHOWN_STEPS])] : [];
	const parts = [start, ...steps.slice(0, SHOWN_STEPS), ...rest];
	const arrow = `<span aria-hidden="true">${dogan.arrow()}</span>`;
	return `<div class="dogan-outline">${parts.map((each) => `<span class="dogan-outline-part">${escape(each)}</span>`).join(arrow)}</div>`;
}

function lacks_html({ missing, apps, problems }) {
	if (missing.length) {
		const needed = apps.length ? __("the app {0}", [apps.join(", ")]) : missing.map((each) => escape(__(each))).join(", ");
		return `<span class="dogan-error">${__("needs {0}", [needed])}</span>`;
	}
	return problems.map((each) => `<div class="dogan-error">${escape(each)}</div>`).join("");
}

function button_html({ name, title, missing, problems, exists }) {
	if (missing.length || (problems.length && !exists)) return "";
	const label = exists ? __("Open") : __("Use");
	return `<button type="button" class="btn btn-default btn-sm" data-template="${escape(name)}" data-exists="${exists ? 1 : ""}"
		aria-label="${escape(`${label}: ${title}`)}">${label}</button>`;
}
