import type { Page } from "@playwright/test";
import type { GenerateOptions } from "../../../web/src/client/options.js";
import type { KinoraError } from "../../../web/src/errors.js";
import type { ModelLocation } from "../../../web/src/manifest.js";
import type { Clip, OnProgress } from "../../../web/src/worker/protocol.js";

/** What is used of the package. */
export interface Api {
	Kinora: {
		load(options?: { model?: string; signal?: AbortSignal; onProgress?: OnProgress }): Promise<{
			generate(options: GenerateOptions): Promise<Clip>;
			unload(): void;
		}>;
		forget(model?: string): Promise<void>;
	};
	KinoraError: typeof KinoraError;
	fetchManifest(model: string, signal?: AbortSignal): Promise<ModelLocation>;
}

/** Runs in the Worker before its own script: the first frame that arrives is the last thing that happens. */
export const crashWhileDecoding = `
	OffscreenCanvasRenderingContext2D.prototype.putImageData = () => {
		setTimeout(() => { throw new Error("a crash"); });
		throw new Error("a crash");
	};
`;

/** Runs in the Worker before its own script: the first frame takes some seconds to arrive. */
export const pauseBeforeFrames = `
{
	const { putImageData } = OffscreenCanvasRenderingContext2D.prototype;
	let until = 0;
	OffscreenCanvasRenderingContext2D.prototype.putImageData = function (...pixels) {
		until ||= Date.now() + 4000;
		while (Date.now() < until);
		return putImageData.apply(this, pixels);
	};
}
`;

/** From now on, every Worker runs a script before its own. @param script Asked for each Worker. */
export async function beginWorkersWith(page: Page, script: () => string): Promise<void> {
	await page.route("**/kinora-worker-*.js", async (route) => {
		const response = await route.fetch();
		// A kept answer would hand the next Worker this one's script.
		const headers = { ...response.headers(), "cache-control": "no-store" };
		await route.fulfill({ response, headers, body: script() + (await response.text()) });
	});
}
