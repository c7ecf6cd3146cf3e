// Calls of the server of `dogansystem ui`; the address of the page holds the secret.

export class Refused extends Error {
	constructor({ error, problems = [] }) {
		super(error);
		this.problems = problems;
	}
}

export async function call(method, given = {}) {
	const options = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(given) };
	let answer;
	try {
		answer = await fetch(`call/${method}`, options);
	} catch {
		throw new Refused({ error: "The command dogansystem ui does not answer: it has ended. Start it again, and open the address that it prints." });
	}
	const is_json = (answer.headers.get("Content-Type") || "").startsWith("application/json");
	const found = is_json ? await answer.json() : { error: await answer.text() };
	if (!answer.ok) throw new Refused(found);
	return found;
}
