import path from "node:path";
import { defineConfig } from "vite";
import { contentSecurityPolicy } from "./build/content-security-policy.js";
import { modelFiles } from "./build/model-files.js";

const root = import.meta.dirname;

/** Entry points of the npm package keep their names, for pages that embed them by address. */
const libraryEntries = ["kinora", "kinora-clip"];

export default defineConfig({
	root,
	// Relative addresses, so that the folder works under any path of any static server.
	base: "./",
	plugins: [modelFiles(path.join(root, "../models/nano")), contentSecurityPolicy()],
	build: {
		target: "es2022",
		// One flat folder: `models/` is then beside every script, whichever chunk asks for it.
		assetsDir: "",
		assetsInlineLimit: 0,
		modulePreload: { polyfill: false },
		rolldownOptions: {
			preserveEntrySignatures: "exports-only",
			input: {
				studio: path.join(root, "index.html"),
				embed: path.join(root, "embed.html"),
				ops: path.join(root, "ops.html"),
				kinora: path.join(root, "src/index.ts"),
				"kinora-clip": path.join(root, "src/element/kinora-clip.ts"),
			},
			output: {
				entryFileNames: ({ name }) =>
					libraryEntries.includes(name) ? "[name].js" : "[name]-[hash].js",
			},
		},
	},
	worker: { format: "es" },
});
