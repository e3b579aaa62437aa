import { existsSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import sirv from "sirv";

const dist = path.join(import.meta.dirname, "../../../web/dist");
const pages = path.join(import.meta.dirname, "../pages");

/** The built page is served below this path, to show that it needs no root of its own. */
const subPath = "/some/where";

/**
 * Serves the built page and, from another origin, the pages that embed the widget. With
 * `KINORA_BASE_URL` set, that address is tested instead of the build.
 */
export default async function startServers(): Promise<() => void> {
	const servers: Server[] = [];
	if (!process.env.KINORA_BASE_URL) {
		if (!existsSync(path.join(dist, "index.html"))) {
			throw new Error(`${dist} is missing; build it with: cargo xtask build`);
		}
		const server = await serve(dist, subPath);
		servers.push(server);
		process.env.KINORA_BASE_URL = `${origin(server)}${subPath}/`;
	}
	const host = await serve(pages, "");
	servers.push(host);
	process.env.KINORA_HOST_URL = `${origin(host)}/`;
	return () => {
		for (const server of servers) server.close();
	};
}

/** Serves a folder under a path. */
export function serve(folder: string, prefix: string): Promise<Server> {
	// Pages of other origins may import the widget, as from any content delivery network.
	const files = sirv(folder, {
		dev: true,
		setHeaders: (response) => response.setHeader("Access-Control-Allow-Origin", "*"),
	});
	const server = createServer((request, response) => {
		const notFound = () => {
			response.statusCode = 404;
			response.end();
		};
		if (!request.url?.startsWith(`${prefix}/`)) return notFound();
		request.url = request.url.slice(prefix.length);
		files(request, response, notFound);
	});
	return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

/** Where a server is. */
export function origin(server: Server): string {
	return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
