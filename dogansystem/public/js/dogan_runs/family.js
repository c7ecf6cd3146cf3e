// What a step of a run waits for, the runs that belong to a run, and what was undone of it.

frappe.provide("dogan");

// Waits for something that people or other runs do. A wait for a time is told beside the step's other times.
dogan.WAITS = {
	signal: ({ signal, key }) =>
		key === null || key === undefined
			? __("Waits for the signal {0}", [strong(signal)])
			: __("Waits for the signal {0} with the key {1}", [strong(signal), strong(key)]),
	decision: ({ approval, asked, subject }) =>
		__("Waits for {0} to decide: {1}", [
			(asked || []).map(strong).join(", "),
			dogan.link("Dogan Approval", approval, subject || approval),
		]),
	child: ({ run }) => __("Waits for the run {0}", [dogan.link("Dogan Workflow Run", run)]),
};

// An arrow in the direction in which people read.
dogan.arrow = () => (frappe.utils.is_rtl() ? "←" : "→");

dogan.waits_of_step = ({ waits, wait_total, may_signal, may_change }, { step }) => {
	const lines = waits.flatMap((wait, index) => {
		if (wait.step !== step || !(wait.kind in dogan.WAITS)) return [];
		const item = wait.index === null ? "" : `${__("Item {0}", [wait.index + 1])}: `;
		const until = wait.until ? `, ${__("until {0}", [dogan.time(wait.until)])}` : "";
		const button = may_signal && wait.kind === "signal"
			? ` <button class="btn btn-xs btn-default dogan-send-signal" data-wait="${index}">${__("Send Signal")}</button>`
			: "";
		return [`<div>${item}${dogan.WAITS[wait.kind](wait)}${until}${button}</div>`];
	});
	const rest = wait_total - waits.length;
	if (lines.length && rest > 0) lines.push(`<div>${__("and {0} more", [rest])}</div>`);
	return lines.length ? `<div class="dogan-waits">${lines.join("")}</div>` : "";
};

dogan.children_of_step = ({ children }, { step }) => {
	const lines = children
		.filter((child) => child.step === step)
		.map((child) => `<div>${dogan.state_pill(child.status)}
			${dogan.link("Dogan Workflow Run", child.run, `${child.workflow} ${child.run}`)}</div>`);
	return lines.length ? `<div class="dogan-children">${lines.join("")}</div>` : "";
};

dogan.parent_of_run = ({ run }) =>
	run.parent_run
		? `<div class="dogan-parent text-muted">${__("Started by step {0} of the run {1}", [
				`<code>${dogan.escape(run.parent_step)}</code>`,
				dogan.link("Dogan Workflow Run", run.parent_run),
		  ])}</div>`
		: "";

dogan.again_of_run = ({ run }) =>
	run.again_of
		? `<div class="dogan-parent text-muted">${__("The run {0}, run again", [dogan.link("Dogan Workflow Run", run.again_of)])}
			<button type="button" class="btn btn-xs btn-default dogan-compare-before">${__("Compare")}</button></div>`
		: "";

dogan.undoing_of_run = ({ run, compensation_errors }) => {
	const lines = compensation_errors.map(({ step, index, error }) => {
		const name = index === null ? strong(step) : `${strong(step)}, ${__("Item {0}", [index + 1])}`;
		return `<div class="dogan-error">${__("Could not be undone")}: ${name}. ${dogan.escape(error)}</div>`;
	});
	const now = run.compensating ? `<div>${__("What this run has done is being undone.")}</div>` : "";
	return now || lines.length ? `<div class="dogan-undoing">${now}${lines.join("")}</div>` : "";
};

// Ask for what goes with a signal, and send it.
dogan.ask_signal = ({ signal, key }, sent) => {
	const dialog = new frappe.ui.Dialog({
		title: __("Send Signal"),
		fields: [
			{
				fieldtype: "HTML",
				options: `<p>${__("Every step that waits for this signal goes on, in other runs too.")}</p>`,
			},
			{ fieldname: "name", fieldtype: "Data", label: __("Signal"), default: signal, read_only: 1 },
			{ fieldname: "key", fieldtype: "Data", label: __("Key"), default: key ?? "", read_only: 1 },
			{
				fieldname: "data",
				fieldtype: "Code",
				options: "JSON",
				min_lines: 3,
				max_lines: 12,
				label: __("Data"),
				description: __("What the step gives as its output. May be left empty."),
			},
		],
		primary_action_label: __("Send"),
		async primary_action({ data }) {
			await frappe.xcall("dogansystem.api.signals.send", {
				name: signal,
				...(key === null || key === undefined ? {} : { key }),
				...(data ? { data } : {}),
			});
			dialog.hide();
			sent();
		},
	});
	dialog.show();
};

// Ask whether a run shall be cancelled, and whether what it has done is undone before.
dogan.ask_cancel = ({ compensates }, cancel) => {
	const question = __("Start no further step of this run, and end it as Cancelled?");
	if (!compensates) {
		frappe.confirm(question, () => cancel(0));
		return;
	}
	const dialog = new frappe.ui.Dialog({
		title: __("Cancel Run"),
		fields: [
			{ fieldtype: "HTML", options: `<p>${question}</p>` },
			{
				fieldname: "compensate",
				fieldtype: "Check",
				label: __("Undo what it has done"),
				description: __("Runs what the workflow's steps say about undoing, the newest first."),
			},
		],
		primary_action_label: __("Cancel Run"),
		async primary_action({ compensate }) {
			await cancel(compensate ? 1 : 0);
			dialog.hide();
		},
	});
	dialog.show();
};

function strong(text) {
	return `<strong>${dogan.escape(text)}</strong>`;
}
