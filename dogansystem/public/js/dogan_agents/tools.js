// The tools of an agent as a person reads and fills them: what it can do, within what, and who decides before.

import { label_of } from "../dogan_canvas/words";
import { read, words, write } from "./bounds.mjs";
import { draw_bounds } from "./bounds_view";

frappe.provide("dogan");

let known = null;
const actions = () => (known = known || frappe.xcall("dogansystem.api.ai_agents.actions"));

const APPROVALS = { writes: __("before it changes something"), always: __("before each call"), never: __("never") };

const HEADS = ["action", "workflow", "server"]; // a tool is one of these

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
		else if (!row) dogan.show_tools(frm); // saving has given it another name a moment ago
		else if (dataset.editTool) edit(frm, row, all);
		else remove(frm, row);
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
	const title = title_of(row, action);
	const params = params_of(row);
	const said = Object.keys(params).map((name) => words(label_of(name, __), params[name], __)).filter(Boolean);
	const name = dogan.escape(row.name);
	const buttons = may
		? `<div class="dogan-tool-buttons"><button type="button" class="btn btn-xs btn-default" data-edit-tool="${name}" aria-label="${dogan.escape(`${__("Edit")}: ${title}`)}">${__("Edit")}</button>
			<button type="button" class="btn btn-xs btn-default" data-remove-tool="${name}" aria-label="${dogan.escape(`${__("Remove")}: ${title}`)}">${__("Remove")}</button></div>`
		: "";
	return `<div class="dogan-tool"><div class="dogan-tool-words"><strong dir="auto">${dogan.escape(title)}</strong> <code>${dogan.escape(row.action || row.workflow || row.server_tool)}</code>
		${said.map((each) => `<div dir="auto">${dogan.escape(each)}</div>`).join("")}
		<div class="text-muted">${asked(row, action)}</div></div>${buttons}</div>`;
}

function title_of(row, action) {
	if (row.workflow) return __("Run the workflow {0}", [row.workflow]);
	if (row.server) return __("{0} of the server {1}", [row.server_tool, row.server]);
	return action ? __(action.summary) : row.action;
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
	const state = { of_server: [] };
	const dialog = new frappe.ui.Dialog({
		title: row ? __("Edit Tool") : __("Add a Tool"),
		size: "large",
		no_focus: true, // the list of actions would open over everything
		fields: fields(row || { approval: "writes" }, all),
		primary_action_label: row ? __("Change") : __("Add"),
		primary_action: (values) => {
			if (HEADS.filter((each) => values[each]).length !== 1 || (values.server && !values.server_tool)) {
				frappe.msgprint(__("Choose an action, a workflow or a tool of a server, one of them."));
				return;
			}
			keep(frm, row, values, params_from(state, chosen()));
			dialog.hide();
		},
	});
	const chosen = () => {
		const known = dialog.get_value("server") ? state.of_server : all;
		return known.find(({ name }) => name === dialog.get_value(dialog.get_value("server") ? "server_tool" : "action"));
	};
	const draw = async () => {
		const server = dialog.get_value("server");
		state.of_server = server ? await tools_of(server) : [];
		dialog.set_df_property("server_tool", "hidden", server ? 0 : 1);
		dialog.get_field("server_tool").set_data?.(state.of_server.map(({ name, summary }) => ({ value: name, label: name, description: summary })));
		draw_bounds(dialog.get_field("bounds").$wrapper, chosen(), state);
	};
	const given = () => tool_of((name) => dialog.get_value(name));
	// What was bounded belongs to its tool: Frappe 17 gives the controls their values after the dialog is shown, one by one.
	const kept = {};
	const bounds_of = (tool) => (state.bounds = kept[tool] = kept[tool] || {});
	Object.assign(bounds_of(tool_of((name) => row?.[name])), Object.fromEntries(Object.entries(row ? params_of(row) : {}).map(([name, bound]) => [name, read(bound)])));
	dialog.show();
	let shown = given();
	for (const name of [...HEADS, "server_tool"]) {
		dialog.get_field(name).df.onchange = () => {
			if (given() === shown) return;
			if (name !== "server_tool" && dialog.get_value(name)) {
				for (const other of HEADS) if (other !== name && dialog.get_value(other)) dialog.set_value(other, "");
			}
			shown = given();
			bounds_of(shown);
			draw();
		};
	}
	draw();
}

const tool_of = (value_of) => [...HEADS, "server_tool"].map((name) => value_of(name) || "").join(" ");

// The tools of a server that are allowed, in the form of actions.
async function tools_of(server) {
	const { tools } = await frappe.db.get_doc("Dogan Tool Server", server);
	return tools
		.filter(({ allowed }) => allowed)
		.map(({ tool_name, description, definition }) => ({
			name: tool_name,
			summary: description || "",
			schema: JSON.parse(definition || "{}").inputSchema || {},
			recipients: [],
		}));
}

function fields(row, all) {
	const options = all.map(({ name, summary }) => ({ value: name, label: name, description: __(summary) }));
	const approvals = Object.entries(APPROVALS).map(([value, label]) => ({ value, label }));
	return [
		{ fieldname: "action", fieldtype: "Autocomplete", label: __("Action"), options, default: row.action, description: __("Type what it should do: find, read, create, send…") },
		{ fieldtype: "Column Break" },
		{ fieldname: "workflow", fieldtype: "Link", options: "Dogan Workflow", label: __("Or a workflow"), default: row.workflow },
		{ fieldname: "server", fieldtype: "Link", options: "Dogan Tool Server", label: __("Or a tool of a server"), default: row.server },
		{ fieldname: "server_tool", fieldtype: "Autocomplete", options: [], label: __("Tool of the Server"), default: row.server_tool, description: __("Those that a System Manager has allowed there") },
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

function keep(frm, row, { bounds, ...values }, params) {
	const target = row || frm.add_child("tools");
	const text = Object.keys(params).length ? JSON.stringify(params, null, 1) : "";
	const none = { action: "", workflow: "", server: "", ask_role: "", ask_user: "", tool_name: "", description: "" };
	Object.assign(target, { ...none, ...values, server_tool: values.server ? values.server_tool : "", params: text });
	frm.dirty();
	frm.refresh_field("tools");
	dogan.show_tools(frm);
}

function params_from({ bounds }, action) {
	const properties = action?.schema.properties || {};
	const found = Object.entries(bounds).map(([name, bound]) => [name, write(bound, properties[name])]);
	return Object.fromEntries(found.filter(([, bound]) => bound !== undefined));
}
