// Values as people read them.

// "40 ms", "1.4 s", "3 min 20 s", "2 h 5 min": two units at most.
export function duration(seconds) {
	if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
	if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
	const minutes = Math.floor(seconds / 60);
	if (minutes < 60) return `${minutes} min ${Math.round(seconds % 60)} s`;
	return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

let offset = 0; // milliseconds from this machine's clock to the sandbox's, as local times

const at = (text) => Date.parse(`${text.slice(0, 23).replace(" ", "T")}Z`);

// The sandbox's time now, as its answers write times.
export const set_now = (text) => (offset = at(text) - Date.now());

// Seconds between two of the sandbox's times; the second may be missing for what is under way.
export const seconds_between = (from, to) => Math.max(0, (to ? at(to) : Date.now() + offset) - at(from)) / 1000;

// "12:04:31", with the date in front if it is not today's.
export function time(text) {
	if (!text) return "";
	const today = new Date(Date.now() + offset).toISOString().slice(0, 10);
	return text.startsWith(today) ? text.slice(11, 19) : text.slice(0, 19);
}

const MOST = 20000; // characters of a value

export function shown(value) {
	const text = typeof value === "string" ? value : JSON.stringify(value, null, 2);
	return text.length > MOST ? `${text.slice(0, MOST)}\n…` : text;
}
