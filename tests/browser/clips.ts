import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "@playwright/test";
import type { GenerateOptions } from "../../web/src/client/options.js";
import { type Api, beginWorkersWith } from "./support/api.js";
import { baseUrl } from "./support/studio.js";

/** Runs in the Worker before its own script: tells about every frame before it is enlarged and encoded. */
const eavesdrop = `
{
	const channel = new BroadcastChannel("frames");
	const put = OffscreenCanvasRenderingContext2D.prototype.putImageData;
	OffscreenCanvasRenderingContext2D.prototype.putImageData = function (image, ...where) {
		channel.postMessage(image.data);
		return put.call(this, image, ...where);
	};
}
`;

/**
 * Makes the clips that `KINORA_CLIPS`/requests.json lists (options of `generate`, without a signal)
 * and writes each one's frames, RGBA bytes one after the other, to a file with its number there, and
 * the model's description to model.json. Clips that are there are kept.
 */
test("clips for the evaluation", async ({ page }) => {
	const folder = process.env.KINORA_CLIPS;
	if (!folder) throw new Error("KINORA_CLIPS must name a folder with a requests.json");
	const requests: GenerateOptions[] = JSON.parse(readFileSync(`${folder}/requests.json`, "utf8"));
	await beginWorkersWith(page, () => eavesdrop);
	await page.goto(baseUrl());
	const manifest = await page.request.get(`${baseUrl()}models/nano/model.json`);
	writeFileSync(`${folder}/model.json`, await manifest.body());
	for (const [number, request] of requests.entries()) {
		const path = `${folder}/${number}.rgba`;
		if (existsSync(path)) continue;
		const { frames, length } = await page.evaluate(generate, {
			script: `${baseUrl()}kinora.js`,
			request,
		});
		expect(frames).toHaveLength(length);
		writeFileSync(path, Buffer.concat(frames.map((frame) => Buffer.from(frame, "base64"))));
		console.log(`${number + 1} of ${requests.length}: ${request.prompt}`);
	}
});

/** Runs in the page: the frames of a clip, in base64, and how many there should be. */
async function generate({ script, request }: { script: string; request: GenerateOptions }) {
	const { Kinora } = (await import(script)) as Api;
	const frames: string[] = [];
	const channel = new BroadcastChannel("frames");
	channel.onmessage = ({ data }: MessageEvent<Uint8ClampedArray>) => {
		frames.push(btoa(data.reduce((text, byte) => text + String.fromCharCode(byte), "")));
	};
	const kinora = await Kinora.load();
	const { params } = await kinora.generate(request);
	kinora.unload();
	channel.close();
	return { frames, length: params.frames };
}
