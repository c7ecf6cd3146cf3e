// On the form of a document: what workflows have done about it, do, wait for, and are going to do, in words.

frappe.provide("dogan");

const RESTS = ["Waiting", "Paused"];
const BUSY = 3; // seconds between two looks without news
const RESTING = 20;

// A name keeps its own direction among words of another one.
const own = (text) => `<bdi>${dogan.escape(text)}</bdi>`;
const strong = (text) => `<strong>${own(text)}</strong>`;
const names_of = (people) => frappe.utils.comma_and(people.map(own));
const is_over = ({ status }) => dogan.FINISHED.includes(status);

dogan.show_runs_of_document = async (frm) => {
	const about = { doctype: frm.doctype, name: frm.docname };
	const is_there = () => frm.doctype === about.doctype && frm.docname === about.name && !frm.is_new();
	const found = await frappe.xcall("dogansystem.api.document_page.on_document", about);
	if (!is_there()) return;
	draw(frm, found);
	draw_buttons(frm, found);
	const open = found.runs.filter((run) => !is_over(run));
	dogan.follow("document", {
		runs: open.map(({ run }) => run).filter(Boolean),
		seconds: !open.length ? 0 : open.every(({ status }) => RESTS.includes(status)) ? RESTING : BUSY,
		is_there: () => cur_frm === frm && is_there(),
		changed: () => dogan.show_runs_of_document(frm),
	});
};

// What may be started by hand on this document.
function draw_buttons(frm, { workflows }) {
	for (const { name, title } of workflows) {
		const begin = () => {
			if (frm.is_dirty()) frappe.msgprint(__("Save the document first: a run uses what is saved."));
			else dogan.run_on_document(name, frm.doctype, frm.docname);
		};
		frm.add_custom_button(dogan.escape(title), begin, __("Run"));
	}
}

function draw(frm, { runs, total, to_come }) {
	const wrapper = frm.layout.wrapper;
	const was_open = wrapper.children(".dogan-about").find("details").prop("open");
	wrapper.children(".dogan-about").remove();
	if (!runs.length && !to_come.length) return;
	const [first, rest] = parted(runs, to_come);
	const lines = [...to_come.map(line_to_come), ...first.map(line_of_run)];
	const more = [...rest.map(line_of_run), all_link(frm, runs, total)].filter(Boolean);
	const folded = more.length
		? `<details${was_open ? " open" : ""}><summary class="text-muted">${__("Earlier")}</summary><ul>${more.join("")}</ul></details>`
		: "";
	const section = $(`<section class="dogan-about" aria-label="${__("Workflows")}">
		<ul>${lines.join("")}</ul>${folded}</section>`);
	section.find(".dogan-all-runs").on("click", () => {
		frappe.set_route("List", "Dogan Workflow Run", { reference_doctype: frm.doctype, reference_name: frm.docname });
		return false;
	});
	const waiting = wrapper.children(".dogan-waiting"); // what is asked of the person comes first
	if (waiting.length) waiting.after(section);
	else wrapper.prepend(section);
}

// What is under way, and what has failed and was not made good by a later run, is said at once; of the rest the newest, if
// there is nothing else to say.
function parted(runs, to_come) {
	const later = new Set();
	const first = [];
	const rest = [];
	for (const run of runs) {
		const is_news = !is_over(run) || (run.status === "Failed" && !later.has(run.title));
		later.add(run.title);
		(is_news ? first : rest).push(run);
	}
	if (!first.length && !to_come.length) first.push(rest.shift());
	return [first, rest];
}

function all_link(frm, runs, total) {
	if (total <= runs.length || !dogan.may_see_runs()) return "";
	return `<li><a class="dogan-all-runs" href="#">${__("All {0} runs", [total])}</a></li>`;
}

function line_to_come({ title, due, field }) {
	const text = __("{0} will start at {1}, because of {2}, if the document is still as it asks for then", [
		strong(title), moment_of(due), dogan.escape(field),
	]);
	return `<li><span class="dogan-mini-dot dogan-gray" aria-hidden="true"></span><div>${text}</div></li>`;
}

// Midnight is said of a day, and means the day.
function moment_of(due) {
	return due.endsWith(" 00:00:00") ? frappe.datetime.str_to_user(due.slice(0, 10)) : dogan.time(due);
}

function line_of_run(run) {
	const title = run.run
		? `<a href="${frappe.utils.get_form_link("Dogan Workflow Run", run.run)}">${strong(run.title)}</a>`
		: strong(run.title);
	const said = sentences(run, title).filter(Boolean).map((text) => `<div>${text}</div>`);
	const colour = run.status === "Succeeded" && run.failures ? "orange" : dogan.STATE_COLOURS[run.status];
	return `<li data-status="${run.status}"><span class="dogan-mini-dot dogan-${colour}" aria-hidden="true"></span>
		<div>${said.join("")}</div></li>`;
}

function sentences(run, title) {
	const since = `<bdi class="text-muted">${frappe.datetime.comment_when(run.finished_at || run.queued_at)}</bdi>`;
	switch (run.status) {
		case "Succeeded":
			return [
				run.failures
					? `${__("{0} has run, and {1} of it failed", [title, run.failures])} ${since}`
					: `${__("{0} has run", [title])} ${since}`,
			];
		case "Failed":
			return [`${failed_at(run, title)} ${since}`, run.error && `<span dir="auto">${dogan.escape(run.error)}</span>`, who_knows(run)];
		case "Cancelled":
			return [`${__("{0} was cancelled", [title])} ${since}`];
		case "Paused":
			return [`${__("{0} is paused", [title])}. ${progress(run)}`];
		case "Queued":
			return [`${__("{0} is about to start", [title])} ${since}`];
		default:
			return under_way(run, title);
	}
}

function failed_at({ failed_step }, title) {
	return failed_step
		? __("{0} has failed at the step {1}", [title, strong(failed_step)])
		: __("{0} has failed", [title]);
}

function who_knows({ told, is_told, ask }) {
	if (!told.length) return __("Ask {0}.", [dogan.escape(ask)]);
	return is_told ? __("{0} were told of it.", [names_of(told)]) : __("{0} will be told of it.", [names_of(told)]);
}

function under_way(run, title) {
	const waits = run.waits.map(wait_words);
	const rest = run.wait_total - waits.length;
	if (rest > 0) waits.push(__("and {0} more", [rest]));
	if (run.doing.length) {
		const doing = __("{0} is running: {1}", [title, names_of(run.doing)]);
		return [`${doing}. ${progress(run)}`, ...waits];
	}
	if (!waits.length) return [`${__("{0} is running", [title])}. ${progress(run)}`];
	return [`${title}: ${waits.shift()}`, ...waits];
}

function progress({ done, steps }) {
	return `<span class="text-muted">${__("{0} of {1} steps done", [done, steps])}</span>`;
}

function wait_words({ kind, until, step, subject, asked, signal, title }) {
	const end = until ? ` <span class="text-muted">${__("until {0}", [dogan.time(until)])}</span>` : "";
	if (kind === "decision") {
		const text = __("waits for {0} to decide: {1}", [names_of(asked), own(subject || step)]);
		return text + end;
	}
	if (kind === "signal") return __("waits for the signal {0}", [strong(signal)]) + end;
	if (kind === "child") return __("waits for {0} to end", [strong(title)]);
	if (kind === "retry") return __("tries the step {0} again at {1}", [strong(step), dogan.time(until)]);
	if (until) return __("waits at the step {0} until {1}", [strong(step), dogan.time(until)]);
	return __("waits at the step {0}", [strong(step)]);
}
