// The desk's text editor, Frappe's control for code, with completion of our own and marks on lines.

import { plain } from "./model/params.mjs";

const POPUP = "ace/ext/language_tools";

// `complete(text, row, column)` gives `[{value, caption, about, needed, word}]`. Gives `{mark(problems), go_to(line)}`.
export async function text_editor(place, text, { change, complete }) {
	const df = { fieldname: "yaml", fieldtype: "Code", label: "YAML", min_lines: 25, max_lines: 60 };
	const made = frappe.ui.form.make_control({ parent: place, df, render_input: true, only_input: true });
	await made.load_lib();
	await new Promise((resolve) => setTimeout(resolve)); // the control waits for the same, before us
	const { editor } = made;
	made.is_setting_content = true;
	editor.session.setValue(text);
	made.is_setting_content = false;
	editor.session.setMode("ace/mode/yaml");
	editor.session.setUseWorker(false); // it knows YAML, and nothing of workflows
	editor.setOptions({ tabSize: 2, useSoftTabs: true });
	editor.textInput.getElement().setAttribute("aria-label", "YAML");
	editor.session.on("change", () => change(editor.session.getValue()));
	offer(editor, complete);
	return {
		mark: (problems) => editor.session.setAnnotations(problems.map(({ line, path, message }) => ({ row: line - 1, column: 0, type: "error", text: path ? `${path}: ${message}` : message }))),
		go_to: (line) => (editor.gotoLine(line, 0, true), editor.focus()),
	};
}

function offer(editor, complete) {
	window.ace.config.loadModule(POPUP, () => {
		editor.setOptions({ enableBasicAutocompletion: true, enableLiveAutocompletion: true });
		editor.completers = [
			{
				identifierRegexps: [/[\w.\-$]/],
				getCompletions(shown, session, { row, column }, prefix, done) {
					const found = complete(session.getValue(), row, column);
					done(null, found.map(({ value, caption, about, needed }, index) => ({
						value, caption, meta: needed ? __("Needed") : "", docText: plain(__(about)), score: found.length - index,
					}))); // prettier-ignore
				},
			},
		];
	});
}
