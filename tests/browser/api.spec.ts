import { expect, type Page, test } from "@playwright/test";
import type { Clip, OnProgress } from "../../web/src/worker/protocol.js";
import { type Api, beginWorkersWith, crashWhileDecoding } from "./support/api.js";
import { baseUrl, StudioPage, smallClips } from "./support/studio.js";

test.beforeEach(async ({ page }) => {
	await new StudioPage(page).changeModel(smallClips);
	await page.goto(`${baseUrl()}embed.html`);
});

test("a listener that throws or returns something is no reason to stop", async ({ page }) => {
	const complaints: string[] = [];
	page.on("pageerror", ({ message }) => complaints.push(message));
	const reports = await run(page, async (script) => {
		const { Kinora } = (await import(script)) as Api;
		const kinora = await Kinora.load({
			onProgress: (() => document.createElement("p")) as unknown as OnProgress,
		});
		const reports: { phase: string; done: number; preview: boolean }[] = [];
		await kinora.generate({
			prompt: "a red ball",
			steps: 2,
			onProgress: ({ phase, done, preview }) => {
				reports.push({ phase, done, preview: preview !== undefined });
				throw new Error("a fault of the page");
			},
		});
		kinora.unload();
		return reports;
	});
	expect(complaints[0]).toContain("a fault of the page");
	// The preview of a step comes with the step, that of the last one too; reports may be left out.
	const steps = reports.filter(({ phase, done }) => phase === "denoise" && done > 0);
	expect(steps.at(-1)).toEqual({ phase: "denoise", done: 2, preview: true });
	expect(steps.every(({ preview }) => preview)).toBe(true);
});

test("a model whose address is none, or whose description is not waited for, is a KinoraError", async ({
	page,
}) => {
	await page.route("**/slow/model.json", () => undefined);
	const failures = await run(page, async (script) => {
		const { Kinora, KinoraError, fetchManifest } = (await import(script)) as Api;
		const codeOf = (failed: Promise<unknown>) =>
			failed.then(
				() => "none",
				(error) => (error instanceof KinoraError ? error.code : String(error)),
			);
		const stopped = new AbortController();
		stopped.abort("a reason of the page's own");
		return {
			address: await codeOf(Kinora.load({ model: "https://" })),
			addressOfManifest: await codeOf(fetchManifest("https://")),
			timeout: await codeOf(Kinora.load({ model: "slow", signal: AbortSignal.timeout(500) })),
			timeoutOfManifest: await codeOf(fetchManifest("slow", AbortSignal.timeout(500))),
			stopped: await codeOf(Kinora.load({ signal: stopped.signal })),
		};
	});
	expect(failures).toEqual({
		address: "bad-input",
		addressOfManifest: "bad-input",
		timeout: "cancelled",
		timeoutOfManifest: "cancelled",
		stopped: "cancelled",
	});
});

test("a clip that waits for another one says so, and can be given up", async ({ page }) => {
	const { phases, givenUp, alone } = await run(page, async (script) => {
		const { Kinora } = (await import(script)) as Api;
		const kinora = await Kinora.load();
		const phases: Record<"first" | "second", string[]> = { first: [], second: [] };
		const make = (name: "first" | "second") =>
			kinora.generate({
				prompt: "a red ball",
				steps: 1,
				onProgress: ({ phase }) => void phases[name].push(phase),
			});
		const both = [make("first"), make("second")];
		const atOnce = phases.second.slice();
		const stop = new AbortController();
		const third = kinora.generate({ prompt: "a blue ball", signal: stop.signal });
		stop.abort();
		const givenUp = await third.then(String, ({ code }) => code);
		await Promise.all(both);
		const alone: string[] = [];
		const onProgress: OnProgress = ({ phase }) => void alone.push(phase);
		await kinora.generate({ prompt: "a red ball", steps: 1, onProgress });
		kinora.unload();
		return { phases: { ...phases, atOnce }, givenUp, alone };
	});
	expect(phases.atOnce).toEqual(["wait"]);
	expect(phases.second.at(-1)).toBe("encode");
	expect(givenUp).toBe("cancelled");
	for (const others of [phases.first, alone]) expect(others).not.toContain("wait");
});

test("unloading ends the clips that are being made", async ({ page }) => {
	const outcomes = await run(page, async (script) => {
		const { Kinora } = (await import(script)) as Api;
		const kinora = await Kinora.load();
		const outcome = (clip: Promise<Clip>) => clip.then(String, ({ code }) => code);
		const first = outcome(
			kinora.generate({ prompt: "a red ball", onProgress: () => kinora.unload() }),
		);
		const second = outcome(kinora.generate({ prompt: "a blue ball" }));
		return [await first, await second];
	});
	expect(outcomes).toEqual(["cancelled", "bad-input"]);
});

test("a clip that fails after it was denoised is not denoised again", async ({ page }) => {
	const scripts = [crashWhileDecoding];
	await beginWorkersWith(page, () => scripts.pop() ?? "");
	const { failure, phases, frames } = await run(page, async (script) => {
		const { Kinora } = (await import(script)) as Api;
		const kinora = await Kinora.load();
		const request = { prompt: "a red ball", steps: 2, seed: 7 };
		const failure = await kinora.generate(request).then(String, ({ code }) => code);
		const phases: string[] = [];
		const onProgress: OnProgress = ({ phase }) => phases.push(phase);
		const { params } = await kinora.generate({ ...request, onProgress });
		kinora.unload();
		return { failure, phases, frames: params.frames };
	});
	expect(failure).toBe("internal");
	expect(frames).toBe(smallClips.frames[0]);
	expect(phases).toContain("decode");
	expect(phases).not.toContain("denoise");
});

test("a clip whose tab died while it was decoded is not denoised again", async ({ page }) => {
	const scripts = [crashWhileDecoding];
	await beginWorkersWith(page, () => scripts.pop() ?? "");
	const failure = await run(page, async (script) => {
		const { Kinora } = (await import(script)) as Api;
		const kinora = await Kinora.load();
		return kinora.generate({ prompt: "a red ball", steps: 2, seed: 7 }).then(String, String);
	});
	expect(failure).toContain("a crash");
	await page.reload();
	const tries = await run(page, async (script) => {
		const { Kinora } = (await import(script)) as Api;
		const kinora = await Kinora.load();
		const tries = [];
		for (let number = 0; number < 2; number++) {
			const phases: string[] = [];
			const onProgress: OnProgress = ({ phase }) => phases.push(phase);
			await kinora.generate({ prompt: "a red ball", steps: 2, seed: 7, onProgress });
			tries.push(phases);
		}
		kinora.unload();
		return tries;
	});
	expect(tries[0]).toContain("decode");
	expect(tries[0]).not.toContain("denoise");
	expect(tries[1], "a clip that is a file is made anew").toContain("denoise");
});

test("a device that was lost between two clips is no reason to fail", async ({ page, browser }) => {
	const session = await browser.newBrowserCDPSession();
	await page.exposeFunction("loseDevice", () => session.send("Browser.crashGpuProcess"));
	const { frames, phases } = await run(page, async (script) => {
		const { Kinora } = (await import(script)) as Api;
		const kinora = await Kinora.load();
		const request = { prompt: "a red ball", steps: 1 };
		await kinora.generate(request);
		await (window as unknown as { loseDevice(): Promise<void> }).loseDevice();
		const phases: string[] = [];
		const onProgress: OnProgress = ({ phase }) => phases.push(phase);
		const { params } = await kinora.generate({ ...request, onProgress });
		kinora.unload();
		return { frames: params.frames, phases };
	});
	expect(frames).toBe(smallClips.frames[0]);
	expect(phases, "another device is asked for").toContain("device");
});

/** Runs in the Worker before its own script: tells how many bytes of graphics memory are not given back. */
const countMemory = `
{
	let bytes = 0;
	const channel = new BroadcastChannel("graphics-memory");
	const { createBuffer } = GPUDevice.prototype;
	GPUDevice.prototype.createBuffer = function (description) {
		channel.postMessage((bytes += description.size));
		return createBuffer.call(this, description);
	};
	const { destroy } = GPUBuffer.prototype;
	GPUBuffer.prototype.destroy = function () {
		channel.postMessage((bytes -= this.size));
		return destroy.call(this);
	};
}
`;

test("a clip leaves no graphics memory behind", async ({ page }) => {
	await beginWorkersWith(page, () => countMemory);
	const { loaded, most, left } = await run(page, async (script) => {
		const { Kinora } = (await import(script)) as Api;
		let bytes = 0;
		let most = 0;
		const channel = new BroadcastChannel("graphics-memory");
		channel.onmessage = ({ data }: MessageEvent<number>) => {
			bytes = data;
			most = Math.max(most, data);
		};
		const kinora = await Kinora.load();
		const clips: number[] = [];
		for (const prompt of ["a red ball", "a blue boat"]) {
			await kinora.generate({ prompt, steps: 1 });
			// The channel may be slower than the Worker's answer.
			await new Promise((resolve) => setTimeout(resolve, 200));
			clips.push(bytes);
		}
		kinora.unload();
		const [loaded = 0, left = 0] = clips;
		return { loaded, most, left };
	});
	expect(loaded).toBeGreaterThan(0);
	expect(most).toBeGreaterThan(loaded);
	expect(left).toBe(loaded);
});

/** Runs a function in the page with the address of the package. */
function run<T>(page: Page, job: (script: string) => Promise<T>): Promise<T> {
	return page.evaluate(job, `${baseUrl()}kinora.js`);
}
