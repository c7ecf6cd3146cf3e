// Values as people read them.

frappe.provide("dogan");

const SHOWN_CHARACTERS = 4000; // of an output; the rest is on the step's own page
const SHOWN_NAMES = 60; // of a mapping as a table

dogan.escape = (text) => frappe.utils.escape_html(String(text ?? ""));

// "40 ms", "1.4 s", "3 min 20 s", "2 h 5 min": two units at most.
dogan.duration = (seconds) => {
	if (seconds < 1) return __("{0} ms", [Math.round(seconds * 1000)]);
	if (seconds < 60) return __("{0} s", [seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)]);
	const minutes = Math.floor(seconds / 60);
	if (minutes < 60) return __("{0} min {1} s", [minutes, Math.round(seconds % 60)]);
	return __("{0} h {1} min", [Math.floor(minutes / 60), minutes % 60]);
};

// Seconds between two of the server's times; the second may be missing for what is under way.
dogan.seconds_between = (from, to) =>
	Math.max(0, moment(to || frappe.datetime.now_datetime(true)).diff(moment(from)) / 1000);

// "12:04:31", with the date in front if it is not today's; the full time on hover.
dogan.time = (value) => {
	if (!value) return "";
	const full = frappe.datetime.str_to_user(value);
	const today = value.startsWith(frappe.datetime.nowdate());
	const short = today ? moment(value).format("HH:mm:ss") : full;
	return `<span title="${dogan.escape(full)}">${dogan.escape(short)}</span>`;
};

dogan.link = (doctype, name, label) =>
	`<a href="${frappe.utils.get_form_link(doctype, name)}">${dogan.escape(label || name)}</a>`;

// An error in words, its first paragraph; what the program itself said below, for those who know it.
dogan.error_block = (type, text) => {
	const [words, ...rest] = String(text || "").split("\n\n");
	const said = [type, rest.join("\n\n") || words].filter(Boolean).join(": ");
	if (!rest.length) return `<div class="dogan-error">${dogan.escape(said)}</div>`;
	return `<div class="dogan-error">${dogan.escape(words)}</div>${dogan.folded(__("Original Error"), said)}`;
};

// A text that is seen once somebody asks for it.
dogan.folded = (label, text) =>
	`<details class="dogan-folded"><summary class="text-muted">${label}</summary>
		<pre class="dogan-json" tabindex="0">${dogan.escape(text)}</pre></details>`;

dogan.folded_html = (label, html) =>
	`<details class="dogan-folded"><summary class="text-muted">${label}</summary>${html}</details>`;

// What a step was given or gave: a line for each name where it is a mapping; what is nested, and the rest, as JSON.
dogan.values_block = (value) => {
	const is_mapping = value && typeof value === "object" && !Array.isArray(value);
	const names = is_mapping ? Object.keys(value) : [];
	if (!names.length || names.length > SHOWN_NAMES) return dogan.json_block(value);
	const rows = names.map(
		(name) => `<tr><th scope="row">${dogan.escape(name)}</th><td>${value_html(value[name])}</td></tr>`
	);
	return `<table class="dogan-values"><tbody>${rows.join("")}</tbody></table>`;
};

function value_html(value) {
	if (value === null || value === "") return `<span class="text-muted">${value === null ? "null" : __("empty")}</span>`;
	if (typeof value === "object") return dogan.json_block(value);
	const text = String(value);
	return `<span class="dogan-value">${dogan.escape(text.length > SHOWN_CHARACTERS ? text.slice(0, SHOWN_CHARACTERS) + "…" : text)}</span>`;
}

dogan.json_block = (value) => {
	const text = JSON.stringify(value, null, 2);
	const cut = text.length > SHOWN_CHARACTERS;
	return `<pre class="dogan-json" tabindex="0">${dogan.escape(cut ? text.slice(0, SHOWN_CHARACTERS) + "\n…" : text)}</pre>`;
};
