// A short list of runs, on the form of their workflow.

frappe.provide("dogan");

dogan.run_rows = (runs, { show_workflow, show_document }) =>
	runs
		.map((run) => {
			const subject = [];
			if (show_workflow) subject.push(dogan.link("Dogan Workflow Run", run.run, run.title || run.workflow));
			if (show_document) {
				const about = run.document ? `${run.document.doctype} ${run.document.name}` : run.run;
				subject.push(dogan.link("Dogan Workflow Run", run.run, about));
			}
			const error = run.error ? `<div class="dogan-error">${dogan.escape(run.error)}</div>` : "";
			const took = run.started_at
				? dogan.duration(dogan.seconds_between(run.started_at, run.finished_at))
				: "";
			return `<div class="dogan-run-row">
				<div class="dogan-run-state">${dogan.run_pill(run)}</div>
				<div class="dogan-run-subject">${subject.join(" ")}${error}</div>
				<div class="dogan-run-cause text-muted">${__(frappe.unscrub(run.cause || ""))}</div>
				<div class="dogan-run-time text-muted">${dogan.time(run.queued_at)}</div>
				<div class="dogan-run-took text-muted">${took}</div>
			</div>`;
		})
		.join("");
