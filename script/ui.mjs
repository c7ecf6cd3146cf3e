// Builds the page of `dogansystem ui` into a folder: ui.js and ui.css. Its packages are in NODE_PATH.

import { createRequire } from "node:module";
import { argv, env } from "node:process";

const require = createRequire(`${env.NODE_PATH}/`);
const esbuild = require(`${env.NODE_PATH}/esbuild`);
const vue = require(`${env.NODE_PATH}/esbuild-plugin-vue3`);

await esbuild.build({
	entryPoints: { ui: "dogansystem/public/js/dogan_ui/main.js" },
	outdir: argv[2],
	bundle: true,
	minify: true,
	target: "es2018",
	charset: "utf8",
	legalComments: "eof", // of what is built in
	nodePaths: [env.NODE_PATH],
	plugins: [(vue.default || vue)()],
	define: { "process.env.NODE_ENV": '"production"', __VUE_OPTIONS_API__: "false", __VUE_PROD_DEVTOOLS__: "false" },
	logLevel: "warning",
});
