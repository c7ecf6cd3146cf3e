// Charts out of the samples: throughput, wait, steps ready, and who did how many.

const POINTS = 60; // in a chart
const MAX_NODES = 8; // told apart in a chart
const COLOURS = ["blue", "green", "orange", "purple", "cyan", "yellow", "pink", "red"];

dogan.capacity.fetch_history = (kind, name, hours) =>
	frappe.xcall("dogansystem.api.status.get_history", { kind, name, hours });

dogan.capacity.draw_charts = async ($charts, hours, nodes) => {
	const names = nodes.slice(0, MAX_NODES);
	const [site, ...of_nodes] = await Promise.all([
		dogan.capacity.fetch_history("site", "", hours),
		...names.map((name) => dogan.capacity.fetch_history("node", name, hours)),
	]);
	$charts.empty();
	if (!site.length) {
		$charts.html(
			`<div class="text-muted">${__("Nothing was measured yet. The scheduler takes a sample every minute.")}</div>`
		);
		return;
	}
	const times = buckets(hours, site);
	const { seconds, number } = dogan.capacity;
	const rate = (each) => sum(each, (entry) => entry.steps) / times.seconds;
	draw($charts, __("Steps per second"), times, [[__("Steps per second"), rate, site]], number);
	draw(
		$charts,
		__("Waited p95, in seconds"),
		times,
		[[__("Waited p95"), (each) => highest(each, (entry) => entry.wait_seconds.p95), site]],
		seconds
	);
	draw(
		$charts,
		__("Steps ready, and workers"),
		times,
		[
			[__("Ready"), (each) => highest(each, (entry) => level(entry, "ready")), site],
			[__("Workers alive"), (each) => highest(each, (entry) => level(entry, "alive")), site],
		],
		number
	);
	const by_node = names.map((name, position) => [
		name,
		(each) => sum(each, (entry) => entry.steps),
		of_nodes[position],
	]);
	draw($charts, __("Steps by node"), times, by_node, number, { stacked: true });
};

// Times of equal length up to now; `of(entries)` sorts entries into them.
const buckets = (hours, entries) => {
	const last = entries[entries.length - 1];
	const offset = moment.utc(last.time).unix() - last.at; // of the site's timezone
	const seconds = Math.max(last.seconds, Math.ceil((hours * 3600) / POINTS / last.seconds) * last.seconds);
	const end = Math.floor((last.at + last.seconds) / seconds) * seconds;
	const count = Math.round((hours * 3600) / seconds);
	const starts = Array.from({ length: count }, (_, number) => end - (count - 1 - number) * seconds);
	const pattern = hours > 24 ? "D MMM HH:mm" : "HH:mm";
	return {
		seconds,
		labels: starts.map((at) => moment.utc((at + offset) * 1000).format(pattern)),
		of: (list) => {
			const found = starts.map(() => []);
			for (const entry of list) {
				const number = Math.floor((entry.at - starts[0]) / seconds);
				if (found[number]) found[number].push(entry);
			}
			return found;
		},
	};
};

// The last label would run into the one before it: it is shown on the point only.
const LAST = "\u200b";

const draw = ($charts, title, times, series, format, { stacked = false } = {}) => {
	const $chart = $(`<div class="dogan-capacity-chart"><div class="dogan-capacity-chart-title">${title}</div><div></div></div>`);
	$charts.append($chart);
	if (!series.length) {
		$chart.append(`<div class="text-muted">${__("No node was heard of.")}</div>`);
		return;
	}
	const datasets = series.map(([name, value, entries]) => ({
		name: dogan.capacity.escape(name),
		values: times.of(entries).map((each) => Number(Number(value(each) || 0).toPrecision(4))),
	}));
	new frappe.Chart($chart.children().get(1), {
		type: stacked ? "bar" : "line",
		height: 200,
		colors: COLOURS,
		data: { labels: [...times.labels.slice(0, -1), LAST], datasets },
		animate: false,
		axisOptions: { xIsSeries: 1, xAxisMode: "tick", shortenYAxisNumbers: 1 },
		lineOptions: { hideDots: 1, regionFill: 1 },
		barOptions: { stacked: 1, spaceRatio: 0.3 },
		tooltipOptions: {
			formatTooltipX: (label) => (label === LAST ? times.labels[times.labels.length - 1] : label),
			formatTooltipY: format,
		},
	});
};

const sum = (entries, value) => entries.reduce((total, entry) => total + value(entry), 0);

const highest = (entries, value) => Math.max(0, ...entries.map((entry) => value(entry) || 0));

const level = (entry, name) => (entry.levels[name] ? entry.levels[name].highest : 0);
