// Calls functions of the canvas's model: reads [[module, function, ...arguments], …] and writes what they give, as JSON.

import { readFileSync } from "node:fs";
import { argv, stdout } from "node:process";
import { pathToFileURL } from "node:url";

const calls = JSON.parse(readFileSync(0, "utf8"));
const found = [];
for (const [module, name, ...given] of calls) {
	const { [name]: made } = await import(`${pathToFileURL(argv[2])}/${module}.mjs`);
	found.push(made(...given) ?? null);
}
stdout.write(JSON.stringify(found));
