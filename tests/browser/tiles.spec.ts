import { expect, test } from "@playwright/test";
import { type Api, beginWorkersWith } from "./support/api.js";
import { baseUrl, StudioPage } from "./support/studio.js";

/**
 * Runs in the Worker before its own script: tells about every frame, and once it is told to, there is no memory for the
 * next buffer that a decoder begins with.
 */
const scarceMemory = `
{
	let isScarce = false;
	const commands = new BroadcastChannel("scarce-memory");
	commands.onmessage = () => (isScarce = true);
	const { createBuffer } = GPUDevice.prototype;
	GPUDevice.prototype.createBuffer = function (description) {
		if (isScarce && description.label === "latent frame") {
			isScarce = false;
			const error = new GPUOutOfMemoryError("no memory");
			setTimeout(() => this.dispatchEvent(new GPUUncapturedErrorEvent("uncapturederror", { error })));
		}
		return createBuffer.call(this, description);
	};
	const frames = new BroadcastChannel("frames");
	const { putImageData } = OffscreenCanvasRenderingContext2D.prototype;
	OffscreenCanvasRenderingContext2D.prototype.putImageData = function (image, ...where) {
		frames.postMessage(image.data);
		return putImageData.call(this, image, ...where);
	};
}
`;

test("a clip for whose frames there is no memory is decoded in tiles", async ({ page }) => {
	// Wider than a tile.
	const sizes = [{ label: "5:1", width: 320, height: 64 }];
	await new StudioPage(page).changeModel({ sizes, frames: [9] });
	await beginWorkersWith(page, () => scarceMemory);
	await page.goto(`${baseUrl()}embed.html`);
	const { counts, difference, totals } = await page.evaluate(async (script) => {
		const { Kinora } = (await import(script)) as Api;
		const commands = new BroadcastChannel("scarce-memory");
		const channel = new BroadcastChannel("frames");
		const kinora = await Kinora.load();
		const clips: Uint8ClampedArray[][] = [];
		const totals: number[] = [];
		for (const memory of ["plenty", "scarce"]) {
			const frames: Uint8ClampedArray[] = [];
			channel.onmessage = ({ data }: MessageEvent<Uint8ClampedArray>) => frames.push(data);
			if (memory === "scarce") commands.postMessage("now");
			let total = 0;
			await kinora.generate({
				prompt: "a red ball over the sea",
				steps: 1,
				seed: 3,
				onProgress: (progress) => {
					if (progress.phase === "decode") total = progress.total;
				},
			});
			// The channel may be slower than the Worker's answer.
			await new Promise((resolve) => setTimeout(resolve, 500));
			clips.push(frames);
			totals.push(total);
		}
		kinora.unload();
		const [whole = [], tiled = []] = clips;
		let sum = 0;
		let values = 0;
		for (const [number, frame] of whole.entries()) {
			for (const [at, value] of frame.entries()) {
				sum += Math.abs(value - (tiled[number]?.[at] ?? Number.NaN));
				values += 1;
			}
		}
		return { counts: clips.map((frames) => frames.length), difference: sum / values, totals };
	}, `${baseUrl()}kinora.js`);
	expect(totals, "nine frames, then nine of two tiles").toEqual([9, 18]);
	expect(counts).toEqual([9, 9]);
	// The pictures are the same but for what a decoder sees beyond a tile.
	expect(difference).toBeGreaterThan(0);
	expect(difference).toBeLessThan(2);
});
