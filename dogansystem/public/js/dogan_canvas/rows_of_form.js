// Writes a definition into the document of a form: only the fields that say something else then, so that texts that people have
// written stay as they wrote them, and rows keep their names.

import { is_equal, to_form, value_of } from "./model/form.mjs";

const TABLES = { steps: ["Dogan Workflow Step", "step_id"], triggers: ["Dogan Workflow Trigger", "kind"] };

export function write(doc, definition, tables) {
	const { form } = to_form(definition, tables);
	const { steps, triggers, ...fields } = form;
	set(doc, doc.__islocal ? fields : { ...fields, workflow_name: doc.workflow_name }, tables);
	set_rows(doc, "steps", steps, tables);
	set_rows(doc, "triggers", triggers, tables);
}

function set(row, fields, tables) {
	for (const [field, value] of Object.entries(fields)) {
		if (!is_equal(value_of(field, row[field], tables), value_of(field, value, tables))) row[field] = value;
	}
}

function set_rows(doc, table, wanted, tables) {
	const [doctype, by] = TABLES[table];
	const rest = [...(doc[table] || [])];
	const take = (found) => (found < 0 ? null : rest.splice(found, 1)[0]);
	const kept = wanted.map((row) => take(rest.findIndex((each) => each[by] === row[by])));
	// A step that was renamed is the one that stood there.
	const rows = wanted.map((row, index) => {
		const found = kept[index] || take(rest.findIndex((each) => each.idx === index + 1)) || frappe.model.add_child(doc, doctype, table);
		set(found, row, tables);
		return found;
	});
	for (const row of rest) frappe.model.clear_doc(doctype, row.name);
	doc[table] = rows;
	rows.forEach((row, index) => (row.idx = index + 1));
}
