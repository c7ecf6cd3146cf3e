// The buttons Retry of a run: from where it failed or from a step, with the run's version or the one saved now.

frappe.provide("dogan");

dogan.ask_retry = ({ run, current_version }, step, retry) => {
	const question = step
		? __("Run step {0} and all steps after it again? Outputs of the steps before it are kept.", [
				dogan.escape(step).bold(),
		  ])
		: __("Run again from where it stopped? Outputs of the steps before it are kept.");
	if (!current_version) {
		frappe.confirm(question, () => retry(null));
		return;
	}
	const versions = [
		{ value: "", label: __("Version {0}, which the run has", [run.version_number]) },
		{ value: "current", label: __("Version {0}, saved now", [current_version]) },
	];
	const dialog = new frappe.ui.Dialog({
		title: __("Retry"),
		fields: [
			{ fieldtype: "HTML", options: `<p>${question}</p>` },
			{
				fieldname: "version",
				fieldtype: "Select",
				label: __("Version of the Workflow"),
				options: versions,
				default: "",
				description: __("The workflow was changed since. Its steps up to there must be the same in both versions."),
			},
		],
		primary_action_label: __("Retry"),
		async primary_action({ version }) {
			await retry(version || null);
			dialog.hide();
		},
	});
	dialog.show();
};

const AT_A_TIME = 10; // runs in one request, so that one sees it go on

// Retry the runs that are chosen in their list, each from where it failed. What is no failure is left as it is.
dogan.retry_many = (list) => {
	const chosen = list.get_checked_items();
	const runs = chosen.filter(({ status }) => ["Failed", "Cancelled"].includes(status)).map(({ name }) => name);
	if (!runs.length) {
		frappe.msgprint(__("None of the chosen runs has failed or was cancelled."));
		return;
	}
	const rest = chosen.length - runs.length;
	const left = rest ? ` ${__("{0} of the chosen ones have not failed and are left as they are.", [rest])}` : "";
	const question = __("Run {0} runs again, each from where it stopped? Outputs of the steps before it are kept.", [runs.length]);
	frappe.confirm(question + left, async () => {
		const found = await retried(runs);
		list.clear_checked_items();
		list.refresh();
		tell_retried(found);
	});
};

async function retried(runs) {
	const found = { retried: [], refused: [] };
	const show = () => frappe.show_progress(__("Retry"), found.retried.length + found.refused.length, runs.length);
	for (let first = 0; first < runs.length; first += AT_A_TIME) {
		show();
		const args = { runs: runs.slice(first, first + AT_A_TIME) };
		const answer = await frappe.xcall("dogansystem.api.workflows.retry_many", args);
		found.retried.push(...answer.retried);
		found.refused.push(...answer.refused);
	}
	frappe.hide_progress();
	return found;
}

function tell_retried({ retried, refused }) {
	const done = __("{0} runs go on.", [retried.length]);
	if (!refused.length) {
		frappe.show_alert({ message: done, indicator: "green" });
		return;
	}
	const lines = refused.map(
		({ run, reason }) => `<li>${dogan.link("Dogan Workflow Run", run)}: ${dogan.escape(reason)}</li>`
	);
	frappe.msgprint({
		title: __("Retry"),
		indicator: "orange",
		message: `<p>${done} ${__("{0} could not be retried:", [refused.length])}</p><ul>${lines.join("")}</ul>`,
	});
}
