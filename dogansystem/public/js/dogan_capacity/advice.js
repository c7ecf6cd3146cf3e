// What to do for more: the bottleneck, a plan for a target, settings of the servers, costs, spot nodes.

const LOOK_FOR = 0.5; // seconds: what statements do between two looks. The page is to be there within one
const TARGETS = [
	["", __("What was measured asks for")],
	["2x", __("2x capacity")],
	["5x", __("5x capacity")],
	["ha", __("High availability")],
	["unlimited", __("Unlimited scale")],
];
const SUITABLE = { yes: ["green", __("yes")], if: ["orange", __("maybe")], no: ["gray", __("no")] };
const LIMITS = { workers: __("the workers"), processors: __("the processors"), database: __("the database") };

dogan.capacity.show_advice = async ($element) => {
	const options = TARGETS.map(([value, label]) => `<option value="${value}">${label}</option>`);
	const $select = $(`<select class="form-control input-xs dogan-capacity-span" aria-label="${__("Target")}">
		${options.join("")}</select>`);
	$element.prev("h4").append($select);
	const look = async () => {
		$select.prop("disabled", true);
		$element.css("opacity", 0.5);
		try {
			const args = { target: $select.val(), seconds: LOOK_FOR };
			draw($element, await frappe.xcall("dogansystem.api.scaling.get_advice", args, "GET"));
		} finally {
			$element.css("opacity", "");
			$select.prop("disabled", false);
		}
	};
	$select.on("change", look);
	await look();
};

const draw = ($element, advice) => {
	$element.html(
		[bottleneck(advice.bottleneck), plan(advice.plan), servers(advice), costs(advice.costs), spot(advice.spot)].join("")
	);
};

const escape = (text) => dogan.capacity.escape(text);
const list = (sentences) =>
	sentences.length ? `<ul>${sentences.map((each) => `<li>${escape(each)}</li>`).join("")}</ul>` : "";

const bottleneck = (found) => `
	<div class="dogan-capacity-verdict ${found.name === "idle" ? "green" : "orange"}" data-bottleneck="${escape(found.name)}">
		${found.name === "idle" ? "" : `<div class="dogan-capacity-verdict-of">${__("What holds work up")}</div>`}
		<div class="dogan-capacity-verdict-title">${found.name === "idle" ? __("Nothing holds work up") : escape(found.title)}</div>
		${list(found.evidence)}
		<div><b>${escape(found.remedy)}</b></div>
	</div>`;

const plan = (found) => `
	<h5>${escape(found.scenario)}: ${escape(found.recommendation)}</h5>
	${found.direction === "none" ? "" : `<div class="text-muted">${__("Time: {0}. Cost: {1}.", [escape(found.time), escape(found.cost)])}</div>`}
	${found.first ? `<div>${__("First")}: <b>${escape(found.first)}</b></div>` : ""}
	${list(found.why)}
	${sizes(found)}
	${found.commands.length ? `<pre class="dogan-capacity-commands">${escape(found.commands.map(order).join("\n"))}</pre>` : ""}`;

const order = (each) => (each.command ? `# ${each.what}\n${each.command}` : `# ${each.what}`);

const sizes = (found) => {
	const { number, seconds, table } = dogan.capacity;
	const row = (title, size) => [
		title,
		size.nodes,
		size.workers,
		size.cores ? number(size.cores) : "–",
		number(size.steps_per_second),
		LIMITS[size.limited_by] || "–",
		size.wait_p95 === null && size.steps_per_second !== null ? __("longer and longer") : seconds(size.wait_p95),
	];
	const rows = [row(__("now"), found.now)];
	if (found.direction !== "none") rows.push(row(__("then"), found.then));
	const head = ["", __("Nodes"), __("Workers"), __("Cores"), __("Steps per second"), __("Limited by"), __("Waits p95")];
	return table(head, rows);
};

const servers = (advice) =>
	[
		[__("Database"), advice.database],
		[__("Redis"), advice.redis],
	]
		.filter(([, found]) => found.findings.length)
		.map(([title, found]) => `<h5>${title}</h5>${findings(found)}`)
		.join("");

const findings = (found) => {
	const rows = found.findings.map((each) => [
		{ html: `<code>${escape(each.setting)}</code>` },
		each.now,
		each.advised === null ? __("as it is") : { html: `<b>${escape(each.advised)}</b>` },
		{ html: `<div class="dogan-capacity-why">${escape(each.why)}</div>` },
	]);
	const snippet = found.snippet ? `<pre class="dogan-capacity-commands">${escape(found.snippet)}</pre>` : "";
	return dogan.capacity.table([__("Setting"), __("Now"), __("Advised"), __("Why")], rows) + snippet;
};

const costs = (found) => {
	const { number, table } = dogan.capacity;
	const money = (value) => (value === null ? "–" : `${number(value)} ${escape(found.currency)}`);
	const row = (title, when) => [
		title,
		money(found[`per_hour_${when}`]),
		money(found[`per_1000_steps_${when}`]),
		money(found[`per_1000_steps_${when}_at_capacity`]),
	];
	const head = ["", __("An hour"), __("1,000 steps"), __("1,000 steps, workers always busy")];
	const prices = found.prices_entered ? table(head, [row(__("now"), "now"), row(__("then"), "then")]) : "";
	return `<h5>${__("Costs")}</h5>${prices}${list(found.recommendation)}`;
};

const spot = (found) => {
	if (!found.length) return "";
	const rows = found.map((each) => {
		const [colour, label] = SUITABLE[each.suitable];
		return [
			each.workflow,
			{ html: `<span class="indicator-pill no-indicator-dot ${colour}">${label}</span>` },
			each.suitable === "no" ? "–" : each.clouds.join(", ") || "–",
			{ html: `<div class="dogan-capacity-why">${escape(each.why)}</div>` },
		];
	});
	return `<h5>${__("Spot Nodes")}</h5>` + dogan.capacity.table([__("Workflow"), __("Suitable"), __("Clouds"), __("Why")], rows);
};
