// What the system does at this moment: figures, and the nodes.

const NODE_COLOURS = { up: "green", idle: "gray", lost: "red", cordoned: "orange", drained: "gray" };
const NODE_STATES = {
	up: __("up"),
	idle: __("idle"),
	lost: __("lost"),
	cordoned: __("cordoned"),
	drained: __("drained"),
};

dogan.capacity.draw_now = ($sentence, $figures, $nodes, status) => {
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
			workers.alive ? __("{0} of {1}", [workers.busy, workers.alive]) : number(0),
			__("up to {0} on each node; {1} stand by", [workers.wanted, workers.listening]),
		],
		[__("Wait for a slot"), number(queue.waiting_for_a_slot), __("of an agent or a limit")],
		[__("Failed"), number(hour.failed), __("of {0} in the last hour", [number(hour.steps)]), hour.failed],
	];
	$figures.html(figures.map(figure).join(""));
	$sentence.text(sentence(status));
	draw_nodes($nodes, status.nodes);
};

// What a person would say who looks at the figures.
const sentence = ({ queue, workers, throughput }) => {
	const { number, seconds } = dogan.capacity;
	const done = __("{0} steps were done in the last hour.", [number(throughput.last_hour.steps)]);
	if (!queue.ready) {
		if (workers.busy) return `${__("Everything is being worked on: nothing waits for a worker.")} ${done}`;
		const idle = workers.alive + workers.listening
			? __("There is nothing to do. What comes starts at once.")
			: __("There is nothing to do, and no worker is there to do what comes: start some.");
		return `${idle} ${done}`;
	}
	const waits = __("{0} steps wait for a worker, the first of them for {1}.", [
		number(queue.ready), seconds(queue.oldest_ready_seconds),
	]);
	if (!workers.alive) {
		const coming = workers.listening ? __("Workers were called.") : __("No worker is there to do them: start some.");
		return `${waits} ${coming}`;
	}
	if (workers.busy < workers.alive) return `${waits} ${__("Workers are free for them.")}`;
	const pace = throughput.last_minute.per_second;
	const end = pace ? __("At this pace they are done in about {0}.", [seconds(queue.ready / pace)]) : "";
	return `${waits} ${__("All {0} workers are busy.", [workers.alive])} ${end}`;
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
			{ html: `<span class="indicator-pill no-indicator-dot ${colour}">${NODE_STATES[node.state] || node.state}</span>` },
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
