// The versions of a workflow: who made each, when and why; two of them compared in words, in the picture and as text; one restored.

import { Store } from "./store";
import { trigger_title } from "./words";
import { mount } from "./workflow_views";

const LISTED = 50; // versions at a time
const SHOWN = ["words", "picture", "text"];

export class VersionsView {
	// `restored()` is called once the workflow has a new version.
	constructor($place, host, vocabulary, { restored }) {
		Object.assign(this, { $place, host, vocabulary, restored, shown: "words", apps: [] });
		this.$list = $(`<div class="dogan-version-list"></div>`);
		this.$difference = $(`<div class="dogan-version-difference"></div>`);
		$place.append(this.$list, this.$difference);
		this.$list.on("click", "[data-compare]", (event) => this.compare_with_before(Number(event.currentTarget.dataset.compare)));
		this.$list.on("click", "[data-restore]", (event) => this.ask_restore(Number(event.currentTarget.dataset.restore)));
		this.$list.on("click", "[data-older]", () => this.load_older());
	}

	// `frm`: the form of the workflow, whose unsaved changes are asked about.
	async open(frm) {
		const name = frm.docname;
		const versions = await this.host.versions(name, { limit: LISTED });
		if (frm.docname !== name) return;
		Object.assign(this, { frm, workflow: name, versions, pair: null });
		this.may_write = Boolean(frm.perm[0]?.write);
		this.has_older = versions.length === LISTED;
		this.draw_list();
		// What a reviewer wants to see: what is different from what was approved last.
		const rest = this.wanted ? versions.filter(({ version }) => version <= this.wanted) : versions;
		this.wanted = null;
		const [shown, before] = rest;
		const base = rest.slice(1).find((each) => each.approved_by) || before;
		if (base) return this.compare(base.version, shown.version);
		this.close();
		this.$difference.html(`<p class="text-muted">${__("There is one version. Once the workflow is changed and saved, this shows what was changed.")}</p>`);
	}

	async load_older() {
		const last = this.versions[this.versions.length - 1];
		const older = await this.host.versions(this.workflow, { limit: LISTED, before: last.version });
		this.versions.push(...older);
		this.has_older = older.length === LISTED;
		this.draw_list();
	}

	draw_list() {
		const rows = this.versions.map((each) => this.row(each)).join("");
		const older = this.has_older ? `<button type="button" class="btn btn-xs btn-default" data-older>${__("Older versions")}</button>` : "";
		this.$list.html(`<ol class="dogan-version-rows">${rows}</ol>${older}`);
		this.mark_pair();
	}

	row({ version, at, by_name, note, is_current, approved_by }) {
		const escape = frappe.utils.escape_html;
		const has_before = version > 1;
		const pills = [
			is_current ? `<span class="indicator-pill no-indicator-dot green">${__("Current")}</span>` : "",
			approved_by ? `<span class="indicator-pill no-indicator-dot blue">${__("Approved by {0}", [escape(frappe.user.full_name(approved_by))])}</span>` : "",
		];
		return `<li class="dogan-version-row" data-version="${version}">
			<div class="dogan-version-head"><strong>${__("Version {0}", [version])}</strong> ${pills.join(" ")}</div>
			<div class="text-muted">${escape(by_name)} · <span title="${escape(at)}">${escape(frappe.datetime.str_to_user(at))}</span></div>
			${note ? `<div class="dogan-version-note" dir="auto">${escape(note)}</div>` : ""}
			<div class="dogan-version-buttons">
				${has_before ? `<button type="button" class="btn btn-xs btn-default" data-compare="${version}">${__("What was changed")}</button>` : ""}
				${!is_current && this.may_write ? `<button type="button" class="btn btn-xs btn-default" data-restore="${version}">${__("Restore")}</button>` : ""}
			</div>
		</li>`;
	}

	mark_pair() {
		this.$list.find(".dogan-version-row").each((index, row) => {
			$(row).toggleClass("is-compared", Boolean(this.pair) && this.pair.includes(Number(row.dataset.version)));
		});
	}

	compare_with_before(version) {
		const older = this.versions.filter((each) => each.version < version);
		return this.compare(older.length ? older[0].version : version - 1, version);
	}

	async compare(old, version) {
		this.pair = [old, version];
		this.mark_pair();
		const found = await this.host.compare_versions(this.workflow, old, version);
		if (!this.pair || this.pair[0] !== old || this.pair[1] !== version) return;
		this.found = found;
		this.draw_difference();
	}

	draw_difference() {
		this.close();
		const labels = { words: __("In words"), picture: __("Picture"), text: __("Text") };
		const tabs = SHOWN.map((each) => `<button type="button" role="tab" class="btn btn-sm btn-default" data-shown="${each}">${labels[each]}</button>`);
		const [old, version] = this.pair.map((chosen) => this.choice(chosen));
		this.$difference.html(`<div class="dogan-version-bar">
				<label>${__("From")} <select class="form-control input-xs" data-side="0">${old}</select></label>
				<label>${__("To")} <select class="form-control input-xs" data-side="1">${version}</select></label>
				<div class="btn-group" role="tablist">${tabs.join("")}</div>
			</div>
			<div class="dogan-version-body"></div>`);
		this.$difference.find("[data-side]").on("change", () => {
			const [from, to] = this.$difference.find("[data-side]").toArray().map((each) => Number(each.value));
			this.compare(from, to);
		});
		this.$difference.find("[data-shown]").on("click", (event) => this.show(event.currentTarget.dataset.shown));
		this.show(this.shown);
	}

	choice(chosen) {
		const known = this.versions.map(({ version }) => version);
		if (!known.includes(chosen)) known.push(chosen);
		return known.map((each) => `<option value="${each}"${each === chosen ? " selected" : ""}>${__("Version {0}", [each])}</option>`).join("");
	}

	show(shown) {
		this.close();
		this.shown = shown;
		this.$difference.find("[data-shown]").each((index, button) => {
			$(button).toggleClass("btn-primary", button.dataset.shown === shown).attr("aria-selected", button.dataset.shown === shown);
		});
		const $body = this.$difference.find(".dogan-version-body").empty();
		if (shown === "words") $body.html(words_of(this.found));
		if (shown === "text") $body.html(text_of(this.found.yaml));
		if (shown === "picture") this.draw_pictures($body);
	}

	draw_pictures($body) {
		const [old, version] = this.pair;
		for (const [side, number] of [["old", old], ["new", version]]) {
			const $picture = $(`<div class="dogan-version-picture"><div class="dogan-version-head">${__("Version {0}", [number])}</div></div>`).appendTo($body);
			const store = new Store(this.host, this.vocabulary, { definition: this.found.definitions[side], read_only: true });
			store.state.marks = this.found.marks[side];
			this.apps.push(mount($("<div></div>").appendTo($picture), store, { panel: false }));
		}
	}

	close() {
		this.apps.splice(0).forEach((app) => app.unmount());
	}

	ask_restore(version) {
		const lost = this.frm.is_dirty() ? `<p class="text-danger">${__("What is not saved on this form is lost.")}</p>` : "";
		const dialog = new frappe.ui.Dialog({
			title: __("Restore version {0}", [version]),
			fields: [
				{ fieldtype: "HTML", options: `${lost}<p>${__("A new version is made that is equal to version {0}. All others stay in the history.", [version])}</p>` },
				{ fieldname: "note", fieldtype: "Small Text", label: __("Why"), description: __("Kept with the new version. May be left empty.") },
			],
			primary_action_label: __("Restore"),
			primary_action: async ({ note }) => {
				const made = await this.host.restore_version(this.workflow, version, note);
				dialog.hide();
				frappe.show_alert({ message: __("Version {0} is restored as version {1}.", [version, made.version]), indicator: "green" });
				this.restored();
			},
		});
		dialog.show();
	}
}

// The sentences about a difference, each with its places filled in.
function words_of({ changes, definitions }) {
	if (!changes.length) return `<p class="text-muted">${__("Both versions are the same.")}</p>`;
	const colours = { added: "green", removed: "red", changed: "yellow" };
	const rows = changes.map(({ kind, whole, text, name: known, what, before, after, old_node, new_node }) => {
		const name = trigger_name(definitions.new, new_node) || trigger_name(definitions.old, old_node) || known;
		const values = [`<strong>${frappe.utils.escape_html(name)}</strong>`, frappe.utils.escape_html(__(what)), value_of(before), value_of(after)];
		return `<li class="dogan-change"><span class="indicator ${colours[whole ? kind : "changed"]}"></span><span dir="auto">${__(text, values)}</span></li>`;
	});
	return `<ul class="dogan-changes">${rows.join("")}</ul>`;
}

// A trigger as people read it on the canvas.
function trigger_name(definition, node) {
	const [kind, index] = node.split(":");
	return kind === "trigger" ? trigger_title(definition.triggers[index], __) : "";
}

const value_of = (text) => `<bdi class="dogan-change-value">${frappe.utils.escape_html(text)}</bdi>`;

function text_of(yaml) {
	if (!yaml) return `<p class="text-muted">${__("Both versions are the same.")}</p>`;
	const kind = (line) => (line.startsWith("+") ? "is-added" : line.startsWith("-") ? "is-removed" : line.startsWith("@@") ? "is-place" : "");
	const lines = yaml.split("\n").map((line) => `<span class="${kind(line)}">${frappe.utils.escape_html(line)}</span>`);
	return `<pre class="dogan-version-text" dir="ltr" tabindex="0">${lines.join("\n")}</pre>`;
}
