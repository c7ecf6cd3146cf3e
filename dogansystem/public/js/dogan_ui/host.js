// What the canvas needs of the page of `dogansystem ui`, where there is no desk: the same functions as desk.js, with plain inputs.

import { call } from "./call";
import { text_editor } from "./text_editor";
import { duration, seconds_between } from "./format";

let known = null;

export const host = {
	__: (text, values = []) => String(text ?? "").replace(/\{(\d+)\}/g, (found, number) => values[number] ?? found),
	state: (status) => status,
	took: (from, to) => duration(seconds_between(from, to)),
	has_no_form: true,
	open_fields: true, // a document of a sandbox has whatever fields it was given

	vocabulary() {
		known = known || call("vocabulary");
		return known;
	},

	check: (definition) => call("check", { definition }),
	to_yaml: (definition) => call("to_yaml", { definition }),
	from_yaml: (text) => call("from_yaml", { text }),
	definition_of_run: (run) => call("definition_of_run", { run }),
	fields: (doctype) => call("fields", { doctype }),

	// What the newest run of a workflow had: `{input, doc, steps: {id: {output}}}`.
	async samples(workflow) {
		const [newest] = await call("runs", { workflow, limit: 1 });
		if (!newest) return {};
		const [{ input }, { steps }] = await Promise.all([call("data", { run: newest.run }), call("run", { run: newest.run })]);
		const outputs = await Promise.all(
			steps.slice(0, MAX_SAMPLES).map(async ({ step, branch }) => [step, { output: (await call("step", { run: newest.run, step })).output, branch }])
		);
		const doc = newest.document ? await call("document", newest.document).catch(() => null) : null;
		return { input, doc, steps: Object.fromEntries(outputs) };
	},

	text_editor,

	// An input in an element. `change` hears of what a person enters. Gives `set(value)`.
	control(parent, df, value, change) {
		const input = made(df);
		input.className = df.fieldtype === "Check" ? "" : "form-control";
		input.setAttribute("aria-label", df.label || df.fieldname);
		input.dir = "auto";
		const is_switch = df.fieldtype === "Check";
		const set = (next) => (is_switch ? (input.checked = Boolean(Number(next))) : (input.value = next ?? ""));
		input.addEventListener("change", () => change(given(df, input)));
		set(value);
		parent.append(input);
		if (df.fieldtype === "Link") offer(parent, input, df.options);
		return { set, focus: () => input.focus() };
	},
};

const MAX_SAMPLES = 20; // steps whose outputs are fetched
const LONG = ["Small Text", "Code"];
const KINDS = { Check: "checkbox", Int: "number", Float: "number", Date: "date" };

function made({ fieldtype, options }) {
	if (LONG.includes(fieldtype)) return document.createElement("textarea");
	const input = document.createElement(fieldtype === "Select" ? "select" : "input");
	if (fieldtype === "Select") input.append(...options.map(({ value, label }) => new Option(label, value)));
	else input.type = KINDS[fieldtype] || "text";
	if (fieldtype === "Float") input.step = "any";
	return input;
}

function given({ fieldtype }, input) {
	if (fieldtype === "Check") return input.checked ? 1 : 0;
	if (["Int", "Float"].includes(fieldtype)) return input.value === "" ? "" : Number(input.value);
	return input.value;
}

let lists = 0;

// The names of documents, offered once somebody is there. Others may be typed: not everything is in a sandbox.
function offer(parent, input, doctype) {
	const list = document.createElement("datalist");
	list.id = `names-${++lists}`;
	input.setAttribute("list", list.id);
	parent.append(list);
	const fill = async () => list.replaceChildren(...(await call("names", { doctype })).map((name) => new Option(name)));
	input.addEventListener("focus", fill, { once: true });
}
