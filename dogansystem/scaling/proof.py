"""The sentences that prove a bottleneck, with their numbers, and what to do about it."""

from dogansystem.scaling.evidence import Evidence, Line, Server
from dogansystem.scaling.shares import ALL_BUSY, MACHINE_BUSY, PATIENCE, Shares
from dogansystem.scaling.words import listed, percent, rate, seconds, size, some

Said = tuple[list[str], str]


def connections(evidence: Evidence, shares: Shares) -> Said:
	server = _server(evidence)
	return [
		f"MariaDB allows {some(server.max_connections, 'connection')}; {server.connections} are open, and"
		f" {server.connections_highest} were at most.",
		f"It refused {some(server.refused, 'connection')} within the last {seconds(server.seconds)},"
		f" {server.refused_ever:,} since it started.",
	], "Raise max_connections, as written below; more workers would only be refused."


def capacity(evidence: Evidence, shares: Shares) -> Said:
	queue, line = evidence.queue, evidence.queue.lines[0]
	kind, _, name = line.resource.partition(":")
	sentences = [
		f"{some(queue.in_line, 'step or run', 'steps or runs')} wait for a slot, and {round(queue.ready):,} for a worker.",
		f"{line.waiting} of them wait for {_resource(line)}"
		+ (f", which has {line.busy} of {line.capacity} slots taken." if line.capacity else "."),
		f"{round(evidence.workers.busy, 1):g} of {some(evidence.workers_there, 'worker')} are busy: more of them do not help.",
	]
	if line.capacity == 0:
		whom = f"the agent {name}" if kind == "agent" else f"an agent with the capability {name}"
		return sentences, f"Enable {whom}: none is that could take them."
	if kind == "workflow":
		workflow = name.split(":")[0]
		return (
			sentences,
			f"Raise limits.concurrent_runs of the workflow {workflow}, if what it protects allows it.",
		)
	if kind == "agent":
		return (
			sentences,
			f"Raise the capacity of the agent {name}, or give its steps to a capability that several have.",
		)
	return sentences, f"Raise the capacity of the agents with the capability {name}, or enable one more."


def idle(evidence: Evidence, shares: Shares) -> Said:
	queue, recent = evidence.queue, evidence.recent
	sentences = [
		f"{some(queue.ready, 'step is', 'steps are')} ready, none for longer than"
		f" {seconds(PATIENCE)}; nothing waits for a slot."
	]
	if recent.count:
		sentences.append(
			f"{some(recent.count, 'step')} in the last {seconds(recent.seconds)}, of which 95 % waited"
			f" {seconds(recent.wait_p95 or 0)} at most."
		)
	there = evidence.workers_there
	sentences.append(f"{round(evidence.workers.busy, 1):g} of {some(there, 'worker')} are busy.")
	return sentences, "Nothing has to be done."


def locks(evidence: Evidence, shares: Shares) -> Said:
	sentences = [
		*_waiting(evidence),
		f"A busy worker spends {percent(shares.locks)} of its time waiting for row locks.",
	]
	server = evidence.database
	if server:
		sentences.append(
			f"In {seconds(server.seconds)} there were {server.lock_waits} waits for rows, {seconds(server.lock_seconds)}"
			f" in all, and {some(server.deadlocks, 'deadlock')}; {server.lock_waiting:.1f} statements stood waiting"
			" at a time."
		)
	if evidence.recent.conflicts:
		sentences.append(f"{evidence.recent.conflicts:.2f} transactions per step were lost and repeated.")
	return sentences, (
		"Steps change the same rows. Give them to one agent with capacity 1, limit the workflow's concurrent_runs,"
		" or change fewer rows in a step: more workers would only stand in the same line."
	)


def pool(evidence: Evidence, shares: Shares) -> Said:
	server = _server(evidence)
	return [
		*_waiting(evidence),
		f"{percent(server.miss_rate)} of the pages that statements ask for are not in memory:"
		f" {rate(server.disk_reads / server.seconds)} pages a second are read from disk.",
		f"The buffer pool has {size(server.buffer_pool)}; this site's tables and indexes have {size(server.working_set)}.",
		f"A busy worker spends {percent(shares.database)} of its time in the database.",
	], "Raise innodb_buffer_pool_size, as written below."


def database(evidence: Evidence, shares: Shares) -> Said:
	sentences = [
		*_waiting(evidence),
		f"A busy worker spends {percent(shares.database)} of its time in the database,"
		f" and {percent(shares.cpu)} on the processor.",
	]
	server = evidence.database
	if server is None:
		return sentences, "SQLite lets one write at a time: use a MariaDB sandbox, or a site."
	sentences.append(
		f"{server.running:.1f} statements are being executed at a time, {server.lock_waiting:.1f} of them waiting for locks;"
		f" {percent(1 - server.miss_rate)} of the pages they need are in memory."
	)
	sentences.append(f"A small transaction takes {seconds(server.commit_seconds)} with its commit.")
	return sentences, (
		"Give the database more processors or a faster disk, or a machine of its own; look at its slow query log for"
		" statements that lack an index. More workers would only ask it for more."
	)


def cpu(evidence: Evidence, shares: Shares) -> Said:
	cores = sum(each.cores or 0.0 for each in evidence.nodes if each.alive)
	sentences = [
		*_waiting(evidence),
		f"A step takes {seconds(evidence.recent.cpu)} of the processor and {seconds(evidence.recent.run)} in all:"
		f" a busy worker computes {percent(shares.cpu)} of its time.",
		f"{round(evidence.workers.busy, 1):g} busy workers so use {percent(shares.cores)} of {some(cores, 'core')}.",
	]
	for each in evidence.nodes:
		if each.cpu_busy is not None:
			sentences.append(
				f"{each.name} said {seconds(each.age or 0)} ago that its processors were {percent(each.cpu_busy)} busy."
			)
	return sentences, (
		"Add cores: a larger machine, or another node. More workers on the same cores would only share them."
	)


def workers(evidence: Evidence, shares: Shares) -> Said:
	workers, there = evidence.workers, evidence.workers_there
	sentences = _waiting(evidence)
	if not there:
		what = f"No worker listens to the queue{' ' + workers.queue if workers.queue else ''}."
		return [*sentences, what], "Start workers: nothing runs without them."
	sentences.append(f"{round(workers.busy, 1):g} of {some(there, 'worker')} are busy.")
	if workers.busy < ALL_BUSY * there:
		return sentences, (
			"Workers are there and do not come: see whether others than this site's jobs keep them busy, whether Redis"
			" answers and the scheduler runs."
		)
	sentences.append(
		f"A busy worker spends {percent(shares.waiting)} of its time waiting for others, {percent(shares.database)} in the"
		f" database and {percent(shares.cpu)} on the processor."
	)
	full = [each for each in evidence.nodes if (each.cpu_busy or 0) >= MACHINE_BUSY]
	if full:
		names = listed([each.name for each in full])
		sentences.append(f"The processors of {names} are busy with other programs.")
		return sentences, f"Add workers on another node: {names} has no processor to spare."
	if shares.cores:
		sentences.append(f"They use {percent(shares.cores)} of the nodes' cores: there is room for more.")
	return sentences, "Add workers."


def _waiting(evidence: Evidence) -> list[str]:
	queue, recent = evidence.queue, evidence.recent
	sentence = (
		f"{some(queue.ready, 'step is', 'steps are')} ready, the oldest for"
		f" {seconds(queue.oldest_ready_seconds)}."
	)
	done = (
		f"{some(recent.count, 'step was', 'steps were')} done in the last {seconds(recent.seconds)}."
		if recent.count
		else ""
	)
	return [each for each in (sentence, done) if each]


def capacity_title(line: Line) -> str:
	kind, _, name = line.resource.partition(":")
	if kind == "workflow":
		return f"Workflow limit reached: {name.split(':')[0]}"
	return f"Agent capacity reached: {name}"


def _resource(line: Line) -> str:
	kind, _, name = line.resource.partition(":")
	if kind == "workflow":
		workflow, _, key = name.partition(":")
		return f"the limit of the workflow {workflow}" + (f" for {key}" if key else "")
	return f"the {'agent' if kind == 'agent' else 'capability'} {name}"


def _server(evidence: Evidence) -> Server:
	assert evidence.database is not None  # the rule has looked at it
	return evidence.database
