// There may be millions of them: they are sorted by what there is an index for, and filtered so.
const STEP_RUN_SORTS = ["name", "workflow", "agent"];

frappe.listview_settings["Dogan Step Run"] = {
	hide_name_column: true,
	add_fields: ["status", "item"],
	formatters: { started_at: (value) => dogan.list_time(value) },
	get_indicator: (doc) => [__(doc.status), dogan.STATE_COLOURS[doc.status], `status,=,${doc.status}`],

	onload(list) {
		const fields = list.page.fields_dict; // name and title are always offered, and looked for anywhere within
		for (const name of ["name", "step"]) {
			fields[name]?.$wrapper.remove();
			delete fields[name];
		}
		const is_slow = (name) => !STEP_RUN_SORTS.includes(name);
		list.sort_selector.wrapper.find(".option").filter((_, { dataset }) => is_slow(dataset.value)).parent().remove();
		list.$result.find("[data-sort-by]").filter((_, { dataset }) => is_slow(dataset.sortBy)).removeAttr("data-sort-by title");
	},
};
