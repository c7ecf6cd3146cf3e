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
