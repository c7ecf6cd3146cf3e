// A short list of runs, on the form of the document they are about and on their workflow's.

frappe.provide("dogan");

const POLL_SECONDS = 3;

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
				<div class="dogan-run-state">${dogan.state_pill(run.status)}</div>
				<div class="dogan-run-subject">${subject.join(" ")}${error}</div>
				<div class="dogan-run-cause text-muted">${__(frappe.unscrub(run.cause || ""))}</div>
				<div class="dogan-run-time text-muted">${dogan.time(run.queued_at)}</div>
				<div class="dogan-run-took text-muted">${took}</div>
			</div>`;
		})
		.join("");

// The section "Workflow Runs" on any document's form. It follows what is under way.
dogan.show_runs_of_document = async (frm) => {
	const about = { doctype: frm.doctype, name: frm.docname };
	const found = await frappe.xcall("dogansystem.api.desk.runs_of_document", about);
	if (frm.doctype !== about.doctype || frm.docname !== about.name) return;
	draw_section(frm, found);
	draw_sidebar(frm, found);
	draw_buttons(frm, found);
	const under_way = found.runs.some((run) => !dogan.FINISHED.includes(run.status));
	clearTimeout(frm.dogan_poll);
	if (under_way) {
		frm.dogan_poll = setTimeout(() => {
			if (cur_frm === frm && frm.docname === about.name) dogan.show_runs_of_document(frm);
		}, POLL_SECONDS * 1000);
	}
};

// What may be started by hand on this document.
function draw_buttons(frm, { workflows }) {
	for (const { name, title } of workflows) {
		frm.add_custom_button(
			dogan.escape(title),
			() => {
				if (frm.is_dirty()) frappe.msgprint(__("Save the document first: a run uses what is saved."));
				else dogan.run_on_document(name, frm.doctype, frm.docname);
			},
			__("Run")
		);
	}
}

function draw_section(frm, { runs, total }) {
	frm.dashboard.parent.find(".dogan-runs").closest(".form-dashboard-section").remove();
	if (!runs.length) return;
	const all =
		total > runs.length
			? `<a class="dogan-all-runs text-muted" href="#">${__("All {0} runs", [total])}</a>`
			: "";
	const body = frm.dashboard.add_section(
		`<div class="dogan-runs">${dogan.run_rows(runs, { show_workflow: true })}${all}</div>`,
		__("Workflow Runs")
	);
	body.find(".dogan-all-runs").on("click", () => {
		frappe.set_route("List", "Dogan Workflow Run", {
			reference_doctype: frm.doctype,
			reference_name: frm.docname,
		});
		return false;
	});
	frm.dashboard.show();
}

// On many forms the dashboard is a tab of its own; the sidebar is always in sight.
function draw_sidebar(frm, { runs }) {
	const sidebar = frm.sidebar && frm.sidebar.sidebar;
	if (!sidebar) return;
	sidebar.find(".dogan-sidebar").remove();
	if (!runs.length) return;
	const rows = runs
		.slice(0, 3)
		.map(
			(run) => `<li class="dogan-sidebar-run">
				<span class="dogan-mini-dot dogan-${dogan.STATE_COLOURS[run.status]}" title="${__(run.status)}"></span>
				<a class="ellipsis" href="${frappe.utils.get_form_link("Dogan Workflow Run", run.run)}"
					title="${__(run.status)}">${dogan.escape(run.title || run.workflow)}</a>
			</li>`
		)
		.join("");
	sidebar.find(".form-sidebar-stats").before(
		`<ul class="list-unstyled sidebar-menu dogan-sidebar">
			<li class="sidebar-label">${__("Workflow Runs")}</li>${rows}
		</ul>`
	);
}
