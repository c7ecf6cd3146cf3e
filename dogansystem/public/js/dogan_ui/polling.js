// Ask again and again while a component is there and somebody looks.

import { onMounted, onUnmounted } from "vue";

// `seconds` is a number, or a function that gives one; the next question waits for the answer to the last.
export function every(seconds, ask) {
	let timer = null;
	let is_there = true;
	const again = () => {
		clearTimeout(timer); // of a question that was asked meanwhile
		const pause = typeof seconds === "function" ? seconds() : seconds;
		timer = setTimeout(look, 1000 * pause);
	};
	async function look() {
		clearTimeout(timer);
		try {
			if (!document.hidden) await ask();
		} catch {
			// the page says so once somebody presses something
		}
		if (is_there) again();
	}
	onMounted(look);
	onUnmounted(() => {
		is_there = false;
		clearTimeout(timer);
	});
	return look;
}
