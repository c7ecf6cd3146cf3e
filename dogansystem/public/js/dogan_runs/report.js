// The report of what was tried, in words: what would be written, sent and asked.

const EVENTS = {
	created: () => __("would be created"),
	updated: () => __("would be changed"),
	submitted: () => __("would be submitted"),
	cancelled: () => __("would be cancelled"),
	deleted: () => __("would be deleted"),
};
const KINDS = { email: () => __("Mail"), notification: () => __("Notification"), sms: () => __("SMS"), whatsapp: () => __("WhatsApp") };

export const assumed_of = (report, step) => report.assumed.find((each) => each.step === step && !each.signal);

export function report_html(report, definition) {
	const titles = Object.fromEntries((definition.steps || []).map(({ id, title }) => [id, title || id]));
	const name = (id) => `<strong dir="auto">${dogan.escape(titles[id] || id)}</strong>`;
	const parts = [
		`<p class="dogan-tried-head">${dogan.state_pill(report.status)} <span>${__("Nothing was changed, and nothing was sent.")}</span></p>`,
		report.stopped ? `<p class="text-warning">${dogan.escape(__(report.stopped))}</p>` : "",
		report.error ? dogan.error_block("", report.error) : "",
		section(__("Documents"), report.changes.map(document_html)),
		section(__("Messages"), report.outbox.map(message_html)),
		section(__("Requests to other servers"), [...report.requests.map(request_html), ...report.calls.map((each) => `${name(each.step)}: ${dogan.escape(each.action)}`)]),
		section(__("People who would be asked"), report.approvals.map((each) => approval_html(each, report))),
		section(__("Taken as received"), report.assumed.filter((each) => each.signal).map((each) => __("{0}: the signal {1}", [name(each.step), dogan.escape(each.signal)]))),
		section(__("Waits that were jumped over"), report.jumped.map((each) => __("{0} until {1}", [name(each.step), dogan.time(each.until)]))),
		section(__("Workflows that would start"), report.starts.map((each) => dogan.escape([each.workflow, each.document?.name].filter(Boolean).join(" · ")))),
		section(__("Answers that were refused"), report.refused_answers.map((each) => `${name(each.step)}: ${dogan.escape(each.reason)}`)),
		section(__("Steps"), report.steps.filter((each) => each.index === null).map((each) => step_html(each, name)), false),
	]; // prettier-ignore
	return parts.join("");
}

function section(title, rows, open = true) {
	if (!rows.length) return "";
	return `<details class="dogan-tried-section" ${open ? "open" : ""}><summary>${title} <span class="text-muted">${rows.length}</span></summary>
		<ul>${rows.map((row) => `<li>${row}</li>`).join("")}</ul></details>`;
}

function document_html(changed) {
	const what = changed.events.map((each) => EVENTS[each]?.() || each).join(", ");
	const head = `<bdi>${dogan.escape(__(changed.doctype))} ${dogan.escape(changed.name)}</bdi> <span class="text-muted">${what}</span>`;
	if (changed.hidden) return `${head} <span class="text-muted">${__("You may not read it.")}</span>`;
	if (!changed.fields.length) return head;
	const is_new = changed.events.includes("created");
	const rows = changed.fields.map((field) => {
		const place = field.row ? `${dogan.escape(field.table)} ${field.row}, ${dogan.escape(field.label)}` : dogan.escape(field.label);
		const before = is_new ? "" : `<td class="dogan-tried-before">${value(field.before)}</td>`;
		return `<tr><th scope="row" dir="auto">${place}</th>${before}<td dir="auto">${value(field.after)}</td></tr>`;
	});
	const heads = is_new ? "" : `<thead><tr><th scope="col">${__("Field")}</th><th scope="col">${__("Before")}</th><th scope="col">${__("After")}</th></tr></thead>`;
	return `${head}<div class="dogan-tried-table"><table class="table table-sm">${heads}<tbody>${rows.join("")}</tbody></table></div>`;
}

function value(given) {
	if (given === null || given === undefined || given === "") return `<span class="text-muted">${__("empty")}</span>`;
	return `<bdi>${dogan.escape(typeof given === "object" ? JSON.stringify(given) : given)}</bdi>`;
}

function message_html(message) {
	const kind = KINDS[message.kind]?.() || dogan.escape(message.kind);
	const head = `${kind} ${__("to {0}", [`<bdi>${dogan.escape((message.to || []).join(", "))}</bdi>`])}: <strong dir="auto">${dogan.escape(message.subject || "")}</strong>`;
	return message.message ? `${head}<blockquote class="dogan-tried-text" dir="auto">${dogan.escape(message.message)}</blockquote>` : head;
}

function request_html(request) {
	const answer = request.stand_in
		? `<span class="text-muted">${__("answered by a stand-in, {0}", [request.status])}</span>
			<button type="button" class="btn btn-xs btn-default" data-answer="${dogan.escape(request.request)}">${__("Give its answer")}</button>`
		: `<span class="text-muted">${__("answered as you said, {0}", [request.status])}</span>`;
	return `<code>${dogan.escape(request.request)}</code> ${answer}${request.json ? dogan.folded_html(__("What would be sent"), dogan.json_block(request.json)) : ""}`;
}

function approval_html(approval, report) {
	const assumed = assumed_of(report, approval.step) ? `<span class="text-muted">${__("assumed")}</span>` : "";
	const other = approval.status === "Approved" ? "rejected" : "approved";
	const button =
		approval.kind === "approve" && ["Approved", "Rejected"].includes(approval.status)
			? `<button type="button" class="btn btn-xs btn-default" data-decide="${dogan.escape(approval.step)}" data-decision="${other}">${
					other === "rejected" ? __("See what a rejection does") : __("See what an approval does")
			  }</button>`
			: "";
	return `<bdi>${dogan.escape(approval.asked.join(", "))}</bdi>: <strong dir="auto">${dogan.escape(approval.subject)}</strong>
		${dogan.state_pill(approval.status)} ${assumed} ${button}`;
}

function step_html(step, name) {
	const error = step.error ? dogan.error_block("", step.error) : "";
	const data = [
		step.params ? dogan.folded_html(__("Parameters"), dogan.values_block(step.params)) : "",
		step.output === null ? "" : dogan.folded_html(__("Output"), dogan.values_block(step.output)),
	];
	return `${name(step.id)} ${dogan.state_pill(step.status)}${error}${data.join("")}`;
}

// What people could change about what was assumed is said once, below.
export function answers_html(report) {
	if (!report.assumed.length && !report.requests.some((each) => each.stand_in)) return "";
	return `<p class="text-muted">${__("What nobody has answered took its first way.")}</p>`;
}
