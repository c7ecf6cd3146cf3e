// Calls functions of the canvas's model: reads [[module, function, ...arguments], …] and writes what they give, as JSON.

import { argv, stdin, stdout } from "node:process";
import { pathToFileURL } from "node:url";

// What the desk's own does in English; it is given as "__".
const say = (words, values) => words.replace(/\{(\d)\}/g, (_, place) => values[place]);

let text = "";
for await (const part of stdin.setEncoding("utf8")) text += part;
const calls = JSON.parse(text);
const found = [];
for (const [module, name, ...given] of calls) {
	const { [name]: made } = await import(`${pathToFileURL(argv[2])}/${module}.mjs`);
	found.push(made(...given.map((each) => (each === "__" ? say : each))) ?? null);
}
stdout.write(JSON.stringify(found));
