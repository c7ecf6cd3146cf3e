// News of runs: told by the server where there is a socket; asked for now and then where there is none, or where it may have
// been missed.

frappe.provide("dogan");

const EVENT = "dogan_run_changed";
const WITH_SOCKET = 30; // seconds between two looks: something may have been missed
const followed = new Map();

// Have `changed` called, which may be a promise, when one of these runs has changed, as long as `is_there()`; without a
// socket every so many `seconds`, 0: never. Called again with the same key it takes the place of what was followed.
dogan.follow = (key, { runs, seconds, is_there, changed }) => {
	const entry = followed.get(key) || {};
	clearTimeout(entry.timer);
	if (!runs.length && !seconds) {
		followed.delete(key);
		return;
	}
	followed.set(key, Object.assign(entry, { runs, seconds, is_there, changed }));
	const is_told = has_socket() && runs.length > 0;
	// The server asks whether this user may see the run.
	if (is_told) for (const run of runs) frappe.realtime.emit("doc_subscribe", "Dogan Workflow Run", run);
	const pause = is_told && seconds ? WITH_SOCKET : seconds;
	if (pause) entry.timer = setTimeout(() => look(key), 1000 * pause);
};

function forget(key) {
	clearTimeout(followed.get(key).timer);
	followed.delete(key);
}

function has_socket() {
	return Boolean(frappe.realtime.socket && frappe.realtime.socket.connected);
}

async function look(key) {
	const entry = followed.get(key);
	if (!entry) return;
	if (!entry.is_there()) return forget(key);
	if (entry.is_busy) {
		entry.is_behind = true; // what is being drawn may be older than this news
		return;
	}
	entry.is_busy = true;
	try {
		await entry.changed();
	} finally {
		entry.is_busy = false;
	}
	if (entry.is_behind) {
		entry.is_behind = false;
		look(key);
	}
}

frappe.realtime.on(EVENT, ({ run }) => {
	for (const [key, entry] of followed) if (entry.runs.includes(run)) look(key);
});

// Whoever connects, for the first time or again, is told of nothing that it has not asked for.
if (frappe.realtime.socket) {
	frappe.realtime.socket.on("connect", () => {
		for (const [key, entry] of [...followed]) dogan.follow(key, entry);
	});
}
