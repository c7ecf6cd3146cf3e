// Builds the page of `dogansystem ui` into a folder: ui.js, ui.css, and the licences of what is built in. Its packages are in NODE_PATH.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { argv, env } from "node:process";

const require = createRequire(`${env.NODE_PATH}/`);
const esbuild = require(`${env.NODE_PATH}/esbuild`);
const vue = require(`${env.NODE_PATH}/esbuild-plugin-vue3`);

const { metafile } = await esbuild.build({
	metafile: true,
	entryPoints: { ui: "dogansystem/public/js/dogan_ui/main.js" },
	outdir: argv[2],
	bundle: true,
	minify: !env.DEBUG_UI,
	target: "es2018",
	charset: "utf8",
	legalComments: "none", // the licences are in a file
	nodePaths: [env.NODE_PATH],
	plugins: [(vue.default || vue)()],
	define: { "process.env.NODE_ENV": '"production"', __VUE_OPTIONS_API__: "false", __VUE_PROD_DEVTOOLS__: "false" },
	logLevel: "warning",
});

const told = (name) => {
	const file = ["LICENSE", "LICENSE.md", "LICENCE"].map((each) => `${env.NODE_PATH}/${name}/${each}`).find(existsSync);
	return [JSON.parse(readFileSync(`${env.NODE_PATH}/${name}/package.json`, "utf8")), file ? readFileSync(file, "utf8") : ""];
};
// Vue Flow is published with what it is made of inside.
const within = (name) => Object.keys(told(name)[0].dependencies || {}).flatMap((each) => (each.startsWith("d3-") ? [each, ...within(each)] : each.startsWith("@vueuse/") ? [each] : []));
const packages = Object.keys(metafile.inputs).map((path) => path.match(/node_modules\/((?:@[^/]+\/)?[^/]+)\//)?.[1]);
const licences = [...new Set([...packages.filter(Boolean), ...within("@vue-flow/core")])].sort().map((name) => {
	const [{ version, license }, text] = told(name);
	return `${name} ${version}, ${license}\n\n${text}`;
});
writeFileSync(`${argv[2]}/ui.licences.txt`, licences.join("\n----\n\n"));
