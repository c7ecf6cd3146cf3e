// What each parameter of a tool may be, as a person sets it: chosen, not written.

import { label_of } from "../dogan_canvas/words";
import { doctypes_of, kinds_of, write } from "./bounds.mjs";

const KINDS = {
	any: __("the model chooses"),
	fixed: __("always"),
	one_of: __("one of"),
	keys: __("only these"),
	parties: __("an address of the documents it was given"),
	omit: __("left out"),
	written: __("as written in the rows"),
};
// A line for each parameter of an action: how it is bounded, and by what.
export function draw_bounds($place, action, state) {
	$place.empty();
	if (!action) {
		$place.html(`<p class="text-muted">${__("Choose an action first. A workflow takes what its input says.")}</p>`);
		return;
	}
	if (action.one_by_one) {
		$place.append(`<p>${__("Only a System Manager may offer this, and only for what is named one by one: give {0}.", [`<b>${dogan.escape(label_of(action.one_by_one, __))}</b>`])}</p>`);
	}
	for (const [name, schema] of Object.entries(action.schema.properties || {})) draw_bound($place, name, schema, action, state);
}

function draw_bound($place, name, schema, action, state) {
	const bound = (state.bounds[name] = state.bounds[name] || { kind: "any" });
	const kinds = kinds_of(name, schema, { required: action.schema.required, recipients: action.recipients });
	if (bound.kind === "written" || !kinds.includes(bound.kind)) kinds.push(bound.kind);
	const label = label_of(name, __);
	const options = kinds.map((kind) => `<option value="${kind}" ${kind === bound.kind ? "selected" : ""}>${KINDS[kind]}</option>`);
	const $row = $(`<div class="dogan-bound" data-bound="${dogan.escape(name)}">
		<div class="dogan-bound-about"><strong>${dogan.escape(label)}</strong> <span class="text-muted" dir="auto">${dogan.escape(plain(__(schema.description || "")))}</span></div>
		<select class="form-control input-xs" aria-label="${dogan.escape(label)}">${options.join("")}</select><div class="dogan-bound-value"></div></div>`);
	$row.appendTo($place);
	const draw = () => draw_value($row.find(".dogan-bound-value"), name, schema, action, state);
	$row.find("select").on("change", ({ target }) => {
		state.bounds[name] = { kind: target.value, value: undefined };
		draw();
		if (name === "doctype") redraw_fields($place, action, state);
	});
	draw();
}

const plain = (text) => text.replace(/<[^>]*>/g, "");

// Those whose choice depends on the DocType.
const IS_FIELDS = (name, kind) => kind === "keys" || name === "fields" || name === "field";

function redraw_fields($place, action, state) {
	for (const [name, schema] of Object.entries(action.schema.properties || {})) {
		if (name === "doctype" || !IS_FIELDS(name, state.bounds[name]?.kind)) continue;
		draw_value($place.find(`[data-bound="${name}"] .dogan-bound-value`), name, schema, action, state);
	}
}

async function draw_value($place, name, schema, action, state) {
	$place.empty();
	const bound = state.bounds[name];
	if (bound.kind === "written") return $place.html(`<code dir="ltr">${dogan.escape(JSON.stringify(bound.value))}</code>`);
	if (!["fixed", "one_of", "keys"].includes(bound.kind)) return;
	const label = label_of(name, __);
	const put = (value) => {
		bound.value = value;
		if (name === "doctype") redraw_fields($place.closest(".dogan-bound").parent(), action, state);
	};
	const control = control_of(name, schema, bound.kind);
	if (bound.kind === "fixed" || control.fieldtype === "Small Text") return draw_control($place, { ...control, fieldname: name, label }, bound.value, put);
	if (control.fieldtype === "Link") return draw_chips($place, label, bound, put, (add) => draw_control($("<div></div>"), { ...control, fieldname: name, label }, "", add));
	const options = IS_FIELDS(name, bound.kind) ? await fields_of(state) : control.options;
	if (state.bounds[name] === bound) draw_chips($place.empty(), label, bound, put, (add) => $adder(label, options, add), options);
}

// A control of the desk that holds one value. Gives its place.
function draw_control($place, df, value, put) {
	let is_set = true;
	const change = () => {
		if (is_set) return;
		const given = made.get_value();
		put(df.fieldtype === "Small Text" ? lines(given) : given);
	};
	const made = frappe.ui.form.make_control({ parent: $place, df: { ...df, change }, render_input: true, only_input: true });
	made.$input?.attr("aria-label", df.label);
	Promise.resolve(made.set_value([].concat(value ?? "").join("\n"))).then(() => (is_set = false));
	return $place;
}

// What is chosen already, each to be taken out again, and below it what adds one.
function draw_chips($place, label, bound, put, adder, options = []) {
	const draw = () => {
		const chosen = bound.value || [];
		const shown = (value) => dogan.escape(options.find((each) => each.value === value)?.label || __(String(value)));
		const chips = chosen.map(
			(value, index) => `<span class="dogan-chosen"><bdi>${shown(value)}</bdi>
				<button type="button" class="btn btn-xs btn-default" data-drop="${index}" aria-label="${__("Remove")}: ${shown(value)}">×</button>
				${bound.kind === "keys" ? inner_html(value, bound, shown(value)) : ""}</span>`
		);
		$place.html(`<div>${chips.join(" ")}</div>`).append(
			adder((value) => {
				if (!value || chosen.includes(value)) return;
				put([...chosen, value]);
				draw();
			})
		);
	};
	$place.off("change").on("change", "[data-inner]", ({ currentTarget: { dataset, value } }) => {
		const is_number = options.find((each) => each.value === dataset.inner)?.is_number;
		const given = value.split(",").map((each) => each.trim()).filter(Boolean);
		bound.inner = { ...bound.inner, [dataset.inner]: is_number ? given.map(Number) : given };
	});
	$place.off("click").on("click", "[data-drop]", ({ currentTarget }) => {
		put(bound.value.filter((_, index) => index !== Number(currentTarget.dataset.drop)));
		draw();
	});
	draw();
}

// Which values a key may have.
function inner_html(key, { inner = {} }, label) {
	return `<input type="text" class="form-control input-xs" data-inner="${dogan.escape(key)}" aria-label="${__("Allowed values")}: ${label}"
		placeholder="${__("anything; or values, with commas between")}" value="${dogan.escape((inner[key] || []).join(", "))}">`;
}

function $adder(label, options, add) {
	const entries = options.map(({ value, label }) => `<option value="${dogan.escape(value)}">${dogan.escape(label)}</option>`);
	return $(`<select class="form-control input-xs" data-adder aria-label="${dogan.escape(`${__("Add")}: ${label}`)}"><option value="">${__("Add")}…</option>${entries.join("")}</select>`).on(
		"change",
		({ target }) => add(target.value)
	);
}

const lines = (text) => String(text || "").split("\n").map((line) => line.trim()).filter(Boolean);

// The control of a parameter; `options` of those that have a choice.
function control_of(name, schema, kind) {
	const types = [].concat(schema.type || []);
	const choices = schema.enum || schema.items?.enum;
	if (name === "doctype") return { fieldtype: "Link", options: "DocType", get_query: () => ({ filters: { istable: 0 } }) };
	if (IS_FIELDS(name, kind)) return { fieldtype: kind === "fixed" ? "Data" : "Select", options: [] };
	if (choices) return { fieldtype: "Select", options: [...(kind === "fixed" ? [""] : []), ...choices].map((each) => ({ value: String(each), label: __(String(each)) })) };
	if (types.length === 1 && types[0] === "boolean") return { fieldtype: "Select", options: [{ value: "", label: "" }, { value: "true", label: __("yes") }, { value: "false", label: __("no") }] };
	const links = { user: "User", owner: "User", role: "Role", report: "Report" };
	if (name in links) return { fieldtype: "Link", options: links[name] };
	if (kind === "one_of") return { fieldtype: "Small Text", placeholder: __("One on each line") };
	return { fieldtype: types.includes("integer") && !types.includes("string") ? "Int" : "Data" };
}

const NUMBERS = ["Int", "Float", "Currency", "Percent", "Check"];

// The fields of the DocTypes that the tool is for.
async function fields_of(state) {
	const found = new Map(), numbers = new Set(); // prettier-ignore
	for (const doctype of doctypes_of({ doctype: write(state.bounds.doctype || { kind: "any" }) })) {
		await new Promise((resolve) => frappe.model.with_doctype(doctype, resolve));
		found.set("name", __("Name"));
		for (const { fieldname, label, fieldtype } of frappe.get_meta(doctype)?.fields || []) {
			if (!frappe.model.no_value_type.includes(fieldtype)) found.set(fieldname, __(label || fieldname));
			if (NUMBERS.includes(fieldtype)) numbers.add(fieldname);
		}
	}
	return [...found].map(([value, label]) => ({ value, label: `${label} (${value})`, is_number: numbers.has(value) }));
}
