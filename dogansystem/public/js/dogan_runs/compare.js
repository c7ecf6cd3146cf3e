// Two runs side by side: in words, and step by step.

frappe.provide("dogan");

// Ask with which run, by default the one before it, a run is compared.
dogan.ask_compare = async ({ name, workflow, again_of }) => {
	const runs = await frappe.xcall("dogansystem.api.workflows.list_runs", { workflow, limit: 50 });
	const before = runs.find((each) => each.run < name);
	const field = {
		fieldname: "other",
		fieldtype: "Link",
		options: "Dogan Workflow Run",
		label: __("With the run"),
		reqd: 1,
		default: again_of || (before && before.run) || (runs.find((each) => each.run !== name) || {}).run,
		get_query: () => ({ filters: { workflow, name: ["!=", name] } }),
	};
	frappe.prompt([field], ({ other }) => dogan.compare_runs(...[name, other].sort()), __("Compare"), __("Compare"));
};

dogan.compare_runs = async (one, other) => {
	const found = await frappe.xcall("dogansystem.api.run_page.compare", { one, other });
	const dialog = new frappe.ui.Dialog({ title: __("Two runs compared"), size: "extra-large" });
	$(dialog.body).html(`<div class="dogan-comparison">${words(found.differences)}${table(found)}</div>`);
	dialog.show();
};

function words(differences) {
	if (!differences.length) return `<p class="text-muted">${__("Both runs did the same.")}</p>`;
	const rows = differences.map((each) => {
		const shown = (text) => `<bdi class="dogan-compared-value">${dogan.escape(each.states ? __(text) : text)}</bdi>`;
		const values = [`<strong>${dogan.escape(each.name)}</strong>`, dogan.escape(__(each.what)), shown(each.before), shown(each.after)];
		return `<li dir="auto">${__(each.text, values)}</li>`;
	});
	return `<ul class="dogan-differences">${rows.join("")}</ul>`;
}

function table({ runs, differences }) {
	const steps = [...new Set(runs.flatMap((run) => run.steps.map(({ id }) => id)))];
	const different = new Set(differences.map(({ step }) => step));
	const heads = runs.map(
		(run) => `<th scope="col">${dogan.link("Dogan Workflow Run", run.run)} ${dogan.state_pill(run.status)}
			<div class="text-muted">${[run.version ? __("version {0}", [run.version]) : "", took(run)].filter(Boolean).join(" · ")}</div></th>`
	);
	const rows = steps.map((id) => {
		const pair = runs.map((run) => run.steps.find((step) => step.id === id));
		const name = pair.find(Boolean);
		return `<tr class="${different.has(id) ? "is-different" : ""}">
			<th scope="row" dir="auto">${dogan.escape(name.title || id)}</th>${pair.map((step) => `<td>${step ? cell(step) : "–"}</td>`).join("")}</tr>`;
	});
	return `<div class="dogan-comparison-table"><table class="table table-sm"><thead><tr><th scope="col">${__("Step")}</th>${heads.join("")}</tr></thead>
		<tbody>${rows.join("")}</tbody></table></div>`;
}

function cell(step) {
	const items = Object.entries(step.items).map(([state, count]) => `${count} ${__(state)}`);
	const facts = [took(step), step.attempts > 1 ? __("{0} attempts", [step.attempts]) : "", step.branch, ...items].filter(Boolean);
	const error = step.error ? `<div class="dogan-error">${dogan.escape(step.error)}</div>` : "";
	const data = [];
	if (step.params !== null) data.push(dogan.folded_html(__("Parameters"), dogan.values_block(step.params)));
	if (step.output !== null) data.push(dogan.folded_html(__("Output"), dogan.values_block(step.output)));
	return `${dogan.state_pill(step.status)} <span class="text-muted">${facts.map(dogan.escape).join(" · ")}</span>${error}${data.join("")}`;
}

const took = ({ seconds }) => (seconds === null ? "" : dogan.duration(seconds));
