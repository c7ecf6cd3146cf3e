// A comparison: the verdict, what it rests on, before and after side by side, the spread over nodes.

const COLOURS = {
	as_hoped: "green",
	same: "gray",
	at_least: "blue",
	less: "orange",
	no_gain: "orange",
	worse: "red",
	not_comparable: "gray",
};
const VERDICTS = {
	as_hoped: __("Gained as hoped"),
	less: __("Gained less than hoped"),
	no_gain: __("Gained nothing that could be told from chance"),
	worse: __("Worse than before"),
	same: __("As before"),
	at_least: __("Gained, but the load was too light to tell how much"),
	not_comparable: __("Not comparable"),
};

dogan.capacity.draw_report = ($report, found) => {
	const { escape } = dogan.capacity;
	$report.html(`
		<div class="dogan-capacity-verdict ${COLOURS[found.verdict]}">
			<div class="dogan-capacity-verdict-title">${VERDICTS[found.verdict]}</div>
			<div class="dogan-capacity-verdict-of">${escape(found.before.name)} → ${escape(name_of(found.after))}</div>
			${found.reasons.map((each) => `<div>${escape(each)}</div>`).join("")}
		</div>
		<div class="dogan-capacity-charts"></div>
		${sides(found)}
		${spread(found.spread)}
		${changes(found.changes)}
		${notes(__("Before"), found.before)}
		${notes(__("After"), found.after)}
		<button class="btn btn-default btn-sm dogan-capacity-copy">${__("Copy as Markdown")}</button>
	`);
	$report.find(".dogan-capacity-copy").on("click", () => frappe.utils.copy_to_clipboard(found.markdown));
	draw_bars($report.find(".dogan-capacity-charts"), found);
};

const name_of = (side) => (side.name === "now" ? __("now") : side.name);

const draw_bars = ($charts, found) => {
	const { before, after } = found.capacity;
	const { number, seconds } = dogan.capacity;
	const sides_of = [__("Before"), __("After")];
	if (before !== null && after !== null) {
		bars($charts, __("Capacity, steps per second"), sides_of, [{ values: [before, after] }], number);
	}
	const names = ["p50", "p95", "p99"];
	const took = (side) => names.map((name) => side.run_seconds[name] || 0);
	bars(
		$charts,
		__("How long steps took, in seconds"),
		names,
		[
			{ name: sides_of[0], values: took(found.before) },
			{ name: sides_of[1], values: took(found.after) },
		],
		seconds
	);
};

const bars = ($charts, title, labels, datasets, format) => {
	const $chart = $(`<div class="dogan-capacity-chart"><div class="dogan-capacity-chart-title">${title}</div><div></div></div>`);
	$charts.append($chart);
	new frappe.Chart($chart.children().get(1), {
		type: "bar",
		height: 180,
		colors: ["light-blue", "blue"],
		data: { labels, datasets },
		animate: false,
		axisOptions: { shortenYAxisNumbers: 1 },
		barOptions: { spaceRatio: 0.6 },
		tooltipOptions: { formatTooltipY: format },
	});
};

const sides = (found) => {
	const { number, seconds, share, table } = dogan.capacity;
	const capacity = (each) =>
		each.capacity
			? `${number(each.capacity.per_second)} ± ${share(each.capacity.error)} (${__("of {0} steps", [number(each.capacity.steps)])})`
			: __("unknown");
	const lines = [
		[__("From"), (each) => frappe.datetime.str_to_user(each.from.slice(0, 19))],
		[__("For"), (each) => seconds(each.seconds)],
		[__("Steps"), (each) => number(each.steps)],
		[__("Steps per second"), (each) => number(each.per_second)],
		[__("Capacity, steps per second"), capacity],
		[__("Workers"), (each) => number(each.workers)],
		[__("Workers busy"), (each) => share(each.utilisation)],
		[__("Waited p50, p95, p99"), (each) => quantiles(each.wait_seconds)],
		[__("Took p50, p95, p99"), (each) => quantiles(each.run_seconds)],
		[__("Failed, retried, lost"), (each) => `${each.failed}, ${each.retried}, ${each.lost}`],
	];
	return table(
		["", __("Before"), __("After")],
		lines.map(([title, value]) => [title, value(found.before), value(found.after)])
	);
};

const quantiles = (times) =>
	["p50", "p95", "p99"].map((name) => dogan.capacity.seconds(times[name])).join(", ");

const spread = (found) => {
	if (found.max_deviation === null) return "";
	const { number, share, table } = dogan.capacity;
	const rows = Object.entries(found.nodes).map(([name, node]) => [
		name,
		number(node.workers),
		number(node.steps),
		number(node.share),
		node.deviation === null ? "–" : `${node.deviation > 0 ? "+" : ""}${number(node.deviation * 100)} %`,
	]);
	const measure = __("At most {0} off the even share (chance alone: {1}). Jain's index {2}; 1 is even.", [
		share(found.max_deviation),
		share(found.noise),
		found.jain,
	]);
	return `<h5>${__("Spread over nodes")}</h5><p class="text-muted">${measure}</p>
		${table([__("Node"), __("Workers"), __("Steps"), __("Even share"), __("Off by")], rows)}`;
};

const changes = (found) => {
	if (!found.length) return "";
	const shown = (value) => (value === null || value === undefined ? "–" : value);
	const rows = found.map((each) => [each.what, shown(each.before), shown(each.after)]);
	return `<h5>${__("Settings and versions that changed")}</h5>
		${dogan.capacity.table(["", __("Before"), __("After")], rows)}`;
};

const notes = (title, side) =>
	side.notes.length
		? `<h5>${__("{0}: what to know", [title])}</h5>
			<ul>${side.notes.map((each) => `<li>${dogan.capacity.escape(each)}</li>`).join("")}</ul>`
		: "";
