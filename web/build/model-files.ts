import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import type { Plugin } from "vite";

/**
 * Serves a model folder at `models/<name>/` while developing, and copies `model.json` and the
 * files it lists there when building.
 */
export function modelFiles(folder: string): Plugin {
	const name = path.basename(folder);
	const prefix = `/models/${name}/`;
	return {
		name: "kinora-model-files",
		configureServer(server) {
			server.middlewares.use(async (request, response, next) => {
				const pathname = new URL(request.url ?? "/", "http://localhost").pathname;
				if (!pathname.startsWith(prefix)) return next();
				const file = pathname.slice(prefix.length);
				const listed = await listFiles(folder);
				if (!listed.includes(file)) return next();
				createReadStream(path.join(folder, file)).pipe(response);
			});
		},
		async generateBundle() {
			for (const file of await listFiles(folder)) {
				this.emitFile({
					type: "asset",
					fileName: `models/${name}/${file}`,
					source: await readFile(path.join(folder, file)),
				});
			}
		},
	};
}

async function listFiles(folder: string): Promise<string[]> {
	const manifestPath = path.join(folder, "model.json");
	const text = await readFile(manifestPath, "utf8").catch(() => {
		throw new Error(`${manifestPath} is missing; export a model there first`);
	});
	const manifest = JSON.parse(text) as { files: { path: string; bytes: number }[] };
	for (const file of manifest.files) {
		const { size } = await stat(path.join(folder, file.path));
		if (size !== file.bytes) {
			throw new Error(`${file.path} has ${size} bytes, but model.json says ${file.bytes}`);
		}
	}
	return ["model.json", ...manifest.files.map((file) => file.path)];
}
