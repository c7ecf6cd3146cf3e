// Numbers as people read them: three digits, and a dash for what nobody knows.

frappe.provide("dogan.capacity");

dogan.capacity.number = (value) => {
	if (value === null || value === undefined) return "–";
	if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString();
	return String(Number(Number(value).toPrecision(3)));
};

dogan.capacity.seconds = (value) => {
	if (value === null || value === undefined) return "–";
	if (value < 1) return __("{0} ms", [dogan.capacity.number(value * 1000)]);
	if (value < 120) return __("{0} s", [dogan.capacity.number(value)]);
	return __("{0} min", [Math.round(value / 60)]);
};

dogan.capacity.share = (value) =>
	value === null || value === undefined ? "–" : `${dogan.capacity.number(value * 100)} %`;

dogan.capacity.escape = (text) => frappe.utils.escape_html(String(text));

// A table of rows of cells; a cell is text, or {html}.
dogan.capacity.table = (head, rows) => {
	const cell = (value) =>
		value && value.html !== undefined ? value.html : dogan.capacity.escape(value);
	const row = (cells, tag) =>
		`<tr>${cells.map((each) => `<${tag}>${cell(each)}</${tag}>`).join("")}</tr>`;
	return `<div class="dogan-capacity-scroll" tabindex="0"><table class="dogan-capacity-table">
		<thead>${row(head, "th")}</thead>
		<tbody>${rows.map((each) => row(each, "td")).join("")}</tbody>
	</table></div>`;
};
