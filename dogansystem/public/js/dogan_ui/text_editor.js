// A text with line numbers, in which what may be written is offered, and lines are marked.

const LINE = 18; // pixels, as in page.css
const MOST = 8; // entries that are offered

// As the desk's text editor: see dogan_canvas/ace_editor.js.
export function text_editor(place, text, { change, complete }) {
	const root = place.appendChild(document.createElement("div"));
	root.className = "ui-editor";
	root.innerHTML = `<pre aria-hidden="true"></pre><textarea spellcheck="false" wrap="off" dir="ltr" aria-label="YAML" aria-autocomplete="list"></textarea><div class="ui-offers" role="listbox" aria-label="What may be written here" hidden></div>`;
	const [gutter, area, list] = root.children;
	let marks = new Map();
	let offers = [];
	let at = 0;
	area.value = text;

	function number() {
		const lines = area.value.split("\n").length;
		gutter.replaceChildren(
			...Array.from({ length: lines }, (_, index) => {
				const shown = document.createElement("span");
				shown.textContent = `${index + 1}\n`;
				if (marks.has(index + 1)) Object.assign(shown, { className: "is-wrong", title: marks.get(index + 1) });
				return shown;
			})
		);
		gutter.scrollTop = area.scrollTop;
	}
	function cursor() {
		const before = area.value.slice(0, area.selectionStart);
		const row = before.split("\n").length - 1;
		return { row, column: before.length - before.lastIndexOf("\n") - 1 };
	}
	function offer() {
		const { row, column } = cursor();
		offers = complete(area.value, row, column).slice(0, MOST);
		at = 0;
		list.style.top = `${(row + 1) * LINE - area.scrollTop + 6}px`;
		show();
	}
	function show() {
		list.hidden = !offers.length;
		list.replaceChildren(
			...offers.map(({ caption, about }, index) => {
				const entry = document.createElement("div");
				entry.setAttribute("role", "option");
				entry.setAttribute("aria-selected", index === at);
				entry.append(Object.assign(document.createElement("b"), { textContent: caption }), ` ${about}`);
				entry.addEventListener("mousedown", (event) => (event.preventDefault(), take(index)));
				return entry;
			})
		);
	}
	const hide = () => ((offers = []), show());
	function take(index) {
		const { value, word } = offers[index];
		const end = area.selectionStart;
		area.setRangeText(value, end - word.length, end, "end");
		hide();
		entered();
	}
	function entered() {
		number();
		change(area.value);
	}

	area.addEventListener("input", () => (entered(), offer()));
	area.addEventListener("scroll", () => ((gutter.scrollTop = area.scrollTop), hide()));
	area.addEventListener("blur", hide);
	area.addEventListener("keydown", (event) => {
		if (event.key === " " && event.ctrlKey) return event.preventDefault(), offer();
		const keys = {
			ArrowDown: () => ((at = (at + 1) % offers.length), show()),
			ArrowUp: () => ((at = (at + offers.length - 1) % offers.length), show()),
			Enter: () => take(at),
			Tab: () => take(at),
			Escape: hide,
		};
		if (!offers.length || !keys[event.key]) return;
		event.preventDefault();
		keys[event.key]();
	});
	number();
	return {
		mark(problems) {
			marks = new Map(problems.map(({ line, path, message }) => [line, path ? `${path}: ${message}` : message]));
			number();
		},
		go_to(line) {
			const start = area.value.split("\n").slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
			area.focus();
			area.setSelectionRange(start, start);
			area.scrollTop = Math.max(0, (line - 5) * LINE);
		},
	};
}
