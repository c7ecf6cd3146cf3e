// The tools of an agent as a person reads and fills them: what it can do, within what, and who decides before.

import { label_of } from "../dogan_canvas/words";
import { doctypes_of, kinds_of, read, words, write } from "./bounds.mjs";

frappe.provide("dogan");

let known = null;
const actions = () => (known = known || frappe.xcall("dogansystem.api.ai_agents.actions"));

const KINDS = {
	any: __("the model chooses"),
	fixed: __("always"),
	one_of: __("one of"),
	keys: __("only these"),
	parties: __("an address of the documents it was given"),
	omit: __("left out"),
	written: __("as written in the rows"),
};
const APPROVALS = { writes: __("before it changes something"), always: __("before each call"), never: __("never") };

const params_of = (row) => {
	try {
		return JSON.parse(row.params || "{}") || {};
	} catch (error) {
		return {};
	}
};

// Draw the tools of a form; what is pressed changes its rows.
dogan.show_tools = async (frm) => {
	const all = await actions();
	const wrapper = frm.get_field("tools_html").$wrapper;
	const may = Boolean(frm.perm[0]?.write);
	const cards = (frm.doc.tools || []).map((row) => card(row, all, may));
	const nothing = `<p class="text-muted">${__("It has no tools: it can read what it is given, and answer.")}</p>`;
	const add = may ? `<button type="button" class="btn btn-sm btn-default" data-add-tool>${__("Add a Tool")}</button>` : "";
	wrapper.html(`<div class="dogan-tools">${cards.join("") || nothing}${add}</div>`);
	wrapper.off("click").on("click", "button", ({ currentTarget: { dataset } }) => {
		const row = (frm.doc.tools || []).find((each) => each.name === (dataset.editTool || dataset.removeTool));
		if ("addTool" in dataset) edit(frm, null, all);
		if (dataset.editTool) edit(frm, row, all);
		if (dataset.removeTool) remove(frm, row);
	});
};

function remove(frm, row) {
	frappe.model.clear_doc(row.doctype, row.name);
	frm.dirty();
	frm.refresh_field("tools");
	dogan.show_tools(frm);
}

function card(row, all, may) {
	const action = all.find((each) => each.name === row.action);
	const title = row.workflow ? __("Run the workflow {0}", [row.workflow]) : action ? __(action.summary) : row.action;
	const params = params_of(row);
	const said = Object.keys(params).map((name) => words(label_of(name, __), params[name], __)).filter(Boolean);
	const name = dogan.escape(row.name);
	const buttons = may
		? `<div class="dogan-tool-buttons"><button type="button" class="btn btn-xs btn-default" data-edit-tool="${name}" aria-label="${dogan.escape(`${__("Edit")}: ${title}`)}">${__("Edit")}</button>
			<button type="button" class="btn btn-xs btn-default" data-remove-tool="${name}" aria-label="${dogan.escape(`${__("Remove")}: ${title}`)}">${__("Remove")}</button></div>`
		: "";
	return `<div class="dogan-tool"><div class="dogan-tool-words"><strong dir="auto">${dogan.escape(title)}</strong> <code>${dogan.escape(row.action)}</code>
		${said.map((each) => `<div dir="auto">${dogan.escape(each)}</div>`).join("")}
		<div class="text-muted">${asked(row, action)}</div></div>${buttons}</div>`;
}

function asked(row, action) {
	if (row.approval === "writes" && action?.reads_only) return __("It only reads: nobody is asked");
	if (row.approval === "never") {
		return action?.recipients.length ? __("Nobody is asked, as long as who hears of it is bounded") : __("Nobody is asked");
	}
	const who = row.ask_user || row.ask_field || row.ask_matrix || __(row.ask_role || "Dogan Manager");
	return __("{0} decides before each call", [`<bdi>${dogan.escape(who)}</bdi>`]);
}

function edit(frm, row, all) {
	const state = { bounds: {} };
	const dialog = new frappe.ui.Dialog({
		title: row ? __("Edit Tool") : __("Add a Tool"),
		size: "large",
		fields: fields(row || { approval: "writes" }, all),
		primary_action_label: row ? __("Change") : __("Add"),
		primary_action: (values) => {
			if (Boolean(values.action) === Boolean(values.workflow)) {
				frappe.msgprint(__("Choose an action or a workflow, one of both."));
				return;
			}
			keep(frm, row, values, params_from(state, all.find((each) => each.name === values.action)));
			dialog.hide();
		},
	});
	const draw = () => {
		const action = all.find((each) => each.name === dialog.get_value("action"));
		if (action) dialog.set_value("workflow", "");
		draw_bounds(dialog.get_field("bounds").$wrapper, action, state);
	};
	state.bounds = Object.fromEntries(Object.entries(row ? params_of(row) : {}).map(([name, bound]) => [name, read(bound)]));
	let shown = row?.action || "";
	dialog.get_field("action").df.onchange = () => {
		const next = dialog.get_value("action") || "";
		if (next === shown) return;
		shown = next;
		state.bounds = {};
		draw();
	};
	dialog.show();
	draw();
}

function fields(row, all) {
	const options = all.map(({ name, summary }) => ({ value: name, label: name, description: __(summary) }));
	const approvals = Object.entries(APPROVALS).map(([value, label]) => ({ value, label }));
	return [
		{ fieldname: "action", fieldtype: "Autocomplete", label: __("Action"), options, default: row.action, description: __("Type what it should do: find, read, create, send…") },
		{ fieldtype: "Column Break" },
		{ fieldname: "workflow", fieldtype: "Link", options: "Dogan Workflow", label: __("Or a workflow"), default: row.workflow },
		{ fieldtype: "Section Break", label: __("What may be given") },
		{ fieldname: "bounds", fieldtype: "HTML" },
		{ fieldtype: "Section Break", label: __("Who decides before it is called") },
		{ fieldname: "approval", fieldtype: "Select", options: approvals, label: __("People decide"), default: row.approval, reqd: 1 },
		{ fieldtype: "Column Break" },
		{ fieldname: "ask_role", fieldtype: "Link", options: "Role", label: __("Role That Decides"), default: row.ask_role, description: __("Empty, with the others: Dogan Manager") },
		{ fieldname: "ask_user", fieldtype: "Link", options: "User", label: __("User Who Decides"), default: row.ask_user },
		{ fieldtype: "Section Break", label: __("What the model is told"), collapsible: 1 },
		{ fieldname: "tool_name", fieldtype: "Data", label: __("Name"), default: row.tool_name, description: __("What the model calls it. Empty: after the action") },
		{ fieldname: "description", fieldtype: "Small Text", label: __("Description"), default: row.description, description: __("What the model is told about it. Empty: what the action says of itself") },
	];
} // prettier-ignore

function keep(frm, row, { action, workflow, approval, ask_role, ask_user, tool_name, description }, params) {
	const target = row || frm.add_child("tools");
	const text = Object.keys(params).length ? JSON.stringify(params, null, 1) : "";
	Object.assign(target, { action, workflow, approval, ask_role, ask_user, tool_name, description, params: text });
	frm.dirty();
	frm.refresh_field("tools");
	dogan.show_tools(frm);
}

function params_from({ bounds }, action) {
	const properties = action?.schema.properties || {};
	const found = Object.entries(bounds).map(([name, bound]) => [name, write(bound, properties[name])]);
	return Object.fromEntries(found.filter(([, bound]) => bound !== undefined));
}

// A line for each parameter of an action: how it is bounded, and by what.
function draw_bounds($place, action, state) {
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
