// What the system does at this moment: figures, and the nodes.

const NODE_COLOURS = { up: "green", idle: "gray", lost: "red", cordoned: "orange", drained: "gray" };

dogan.capacity.draw_now = ($figures, $nodes, status) => {
	const { number, seconds } = dogan.capacity;
	const { queue, workers, throughput } = status;
	const minute = throughput.last_minute;
	const hour = throughput.last_hour;
	const figures = [
		[__("Steps per second"), number(minute.per_second), __("in the last minute")],
		[__("Waited p95"), seconds(minute.wait_seconds.p95), __("took {0}", [seconds(minute.run_seconds.p95)])],
		[__("Ready"), number(queue.ready), oldest(queue)],
		[
			__("Workers busy"),
			`${workers.busy} / ${workers.alive}`,
			__("{0} wanted on each node, {1} listen", [workers.wanted, workers.listening]),
		],
		[__("Wait for a slot"), number(queue.waiting_for_a_slot), __("of an agent or a limit")],
		[__("Failed"), number(hour.failed), __("of {0} in the last hour", [number(hour.steps)]), hour.failed],
	];
	$figures.html(figures.map(figure).join(""));
	draw_nodes($nodes, status.nodes);
};

const oldest = (queue) =>
	queue.oldest_ready_seconds === null
		? __("nothing waits")
		: __("the oldest for {0}", [dogan.capacity.seconds(queue.oldest_ready_seconds)]);

const figure = ([title, value, below, is_bad]) => `
	<div class="dogan-capacity-figure">
		<div class="dogan-capacity-figure-title">${title}</div>
		<div class="dogan-capacity-figure-value ${is_bad ? "is-bad" : ""}">${value}</div>
		<div class="dogan-capacity-figure-below">${below}</div>
	</div>`;

const draw_nodes = ($nodes, nodes) => {
	const { number, seconds, table } = dogan.capacity;
	const names = Object.keys(nodes);
	if (!names.length) {
		$nodes.html(`<div class="text-muted">${__("No worker was heard of within a day.")}</div>`);
		return;
	}
	const rows = names.map((name) => {
		const node = nodes[name];
		const colour = NODE_COLOURS[node.state] || "gray";
		const heard = node.last_beat_seconds;
		return [
			name,
			{ html: `<span class="indicator-pill no-indicator-dot ${colour}">${__(node.state)}</span>` },
			node.alive,
			node.busy,
			number(node.steps_last_minute),
			number(node.steps_last_hour),
			heard === null ? "–" : __("{0} ago", [seconds(heard)]),
		];
	});
	$nodes.html(
		table(
			[__("Node"), __("State"), __("Alive"), __("Busy"), __("Last minute"), __("Last hour"), __("Heard of")],
			rows
		)
	);
};
