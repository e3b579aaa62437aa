import { readFileSync } from "node:fs";
import type { Page } from "@playwright/test";
import { spotOf, strengthOfRows } from "./support/colour.js";
import { longestTask } from "./support/main-thread.js";
import { expect, smallClips, test } from "./support/studio.js";
import { decode, difference, probe } from "./support/video.js";

const seed = 0;

test("a prompt becomes an MP4 that shows it, plays, loops and downloads", async ({
	studio,
	page,
	browser,
}) => {
	const { frames: lengths, fps, sizes, sampler } = await studio.manifest();
	const { steps } = sampler;
	const length = Math.min(...lengths);
	const { width = 0, height = 0 } = sizes[0] ?? {};
	const enlarged = Math.ceil(256 / Math.min(width, height));
	await studio.open();
	await studio.chooseQuick(steps);
	await studio.keepSeed(seed);
	await studio.prompt.pressSequentially("a red ball bouncing over the meadow at noon");
	const longest = await longestTask(browser, page, async () => {
		await studio.generate.click();
		await expect(studio.progress).toBeVisible();
		await expect(page.locator("canvas.preview")).toBeVisible({ timeout: 4 * 60_000 });
	});
	await expect(studio.download).toBeVisible({ timeout: 15 * 60_000 });
	expect(longest, "milliseconds of the longest task of the page").toBeLessThan(100);
	const { path, fileName } = await studio.save();

	await expect(studio.video).toHaveJSProperty("loop", true);
	await expect(studio.video).toHaveJSProperty("paused", false);
	expect(fileName).toMatch(/^nano_a-red-ball-bouncing-over-the-meadow-at-noon_\d{8}-\d{6}\.mp4$/);
	const facts = probe(path);
	expect(facts.codec).toBe("h264");
	expect([facts.width, facts.height]).toEqual([width * enlarged, height * enlarged]);
	expect(facts.frames).toBe(length);
	expect(facts.duration).toBeCloseTo(length / fps, 2);
	expect(facts.tags.title).toBe("a red ball bouncing over the meadow at noon");
	const settings = JSON.parse(facts.tags.comment ?? "");
	expect(settings).toMatchObject({ model: "nano", frames: length, fps, steps, seed });

	const size = 32;
	const frames = decode(path, size, size);
	for (const [index, frame] of frames.entries()) {
		const next = frames[index + 1];
		if (next) expect(difference(frame, next), "frames differ").toBeGreaterThan(0.1);
		const meadow = strengthOfRows(frame, size, [-0.5, 1, -0.5], size - 4, size);
		expect(meadow, `how green the meadow is in frame ${index}`).toBeGreaterThan(20);
		const sky = strengthOfRows(frame, size, [-0.5, -0.5, 1], 0, 4);
		expect(sky, `how blue the sky is in frame ${index}`).toBeGreaterThan(20);
	}
	const balls = frames.map((frame) => spotOf(frame, size, [1, -0.7, -0.7]));
	for (const [index, { strength }] of balls.entries()) {
		expect(strength, `how red the ball is in frame ${index}`).toBeGreaterThan(80);
	}
	const heights = balls.map(({ y }) => size - y);
	const lowest = Math.min(...heights);
	const [first = 0, last = 0] = [heights[0], heights.at(-1)];
	expect(first - lowest, "how far the ball falls").toBeGreaterThan(size / 10);
	expect(last - lowest, "how far it jumps up again").toBeGreaterThan(size / 10);
});

test("a clip can be cancelled and made again, and its settings used once more", async ({
	studio,
	page,
}) => {
	const prompt = "a white boat sailing to the left on the sea at dawn";
	await studio.openQuick(prompt, 50);
	await studio.generate.click();
	await expect(studio.progress).toHaveAttribute("aria-valuetext", /step [2-9]/, {
		timeout: 4 * 60_000,
	});
	const question = page.waitForEvent("dialog");
	await page.close({ runBeforeUnload: true });
	expect((await question).type()).toBe("beforeunload");
	await (await question).dismiss();
	await studio.cancel.click();
	await expect(studio.generate).toBeEnabled();
	await expect(studio.progress).toBeHidden();
	await expect(page.getByText("Cancelled.")).toBeAttached();
	await expect(
		page.getByRole("img", { name: "preview of the clip that was stopped" }),
	).toBeVisible();
	await expect(studio.prompt).toHaveValue(prompt);

	await studio.chooseQuick(1);
	await studio.keepSeed(7);
	await studio.generate.click();
	const first = decode((await studio.save()).path, 64, 64);

	await page.getByRole("button", { name: "New random seed" }).click();
	await studio.prompt.fill("something else");
	await page.getByRole("button", { name: "Use these settings" }).click();
	await expect(studio.prompt).toHaveValue(prompt);
	await expect(page.getByLabel("Seed", { exact: true })).toHaveValue("7");
	const putBack = page.getByRole("button", { name: "Put it back" });
	await expect(putBack).toBeVisible();
	await studio.generate.click();
	await expect(studio.progress).toBeVisible();
	const second = decode((await studio.save()).path, 64, 64);
	expect(second).toHaveLength(first.length);
	for (const [index, frame] of first.entries()) {
		expect(difference(frame, second[index] ?? frame)).toBeLessThan(1);
	}
	const takes = page.getByRole("list", { name: "Earlier clips" }).getByRole("button");
	await expect(takes).toHaveCount(2);
	await expect(putBack).toBeHidden();
});

test("clips and controls outlive the page, and a clip can be removed and put back", async ({
	studio,
	page,
}) => {
	const prompt = "a white boat sailing to the left on the sea at dawn";
	const clips = page.getByRole("list", { name: "Earlier clips" }).getByRole("button");
	await studio.changeModel(smallClips);
	await studio.open();
	await studio.chooseQuick(1);
	await page.getByRole("radio", { name: "16:9" }).check();
	await studio.prompt.fill(prompt);
	await studio.keepSeed(7);
	await studio.generate.click();
	const before = await studio.save();

	await page.reload();
	await expect(studio.prompt).toHaveValue(prompt);
	await expect(page.getByLabel("Seed", { exact: true })).toHaveValue("7");
	await expect(page.getByRole("radio", { name: "16:9" })).toBeChecked();
	await expect(page.getByLabel("Steps")).toHaveValue("1");
	await clips.click();
	await expect(studio.video).toHaveJSProperty("videoWidth", 448);
	const after = await studio.save();
	expect(after.fileName).toBe(before.fileName);
	expect(readFileSync(after.path).equals(readFileSync(before.path))).toBe(true);

	await page.getByRole("button", { name: "Remove" }).click();
	await expect(studio.video).toBeHidden();
	await expect(clips).toHaveCount(0);
	await page.getByRole("button", { name: "Put back" }).click();
	await expect(studio.video).toHaveJSProperty("videoWidth", 448);
	await page.reload();
	await clips.click();
	await page.getByRole("button", { name: "Remove" }).click();
	await page.reload();
	await expect(studio.prompt).toHaveValue(prompt);
	await expect(clips).toHaveCount(0);
});

test("a clip is removed at once, and the next one frees its memory", async ({ studio, page }) => {
	await studio.openQuick("a red ball");
	await studio.generate.click();
	await expect(studio.download).toBeVisible({ timeout: 4 * 60_000 });
	const poster = (await studio.video.getAttribute("poster")) ?? "";
	const letDatabaseGo = await holdDatabase(page);
	await page.getByRole("button", { name: "Remove" }).click();
	await expect(page.getByText("A clip is removed.")).toBeVisible();
	await expect(studio.video).toBeHidden();
	await letDatabaseGo();
	expect(await canBeShown(page, poster), "it can be put back").toBe(true);

	await studio.generate.click();
	await expect(studio.download).toBeVisible({ timeout: 4 * 60_000 });
	expect(await canBeShown(page, poster)).toBe(false);
	const clips = page.getByRole("list", { name: "Earlier clips" }).getByRole("button");
	await page.reload();
	await expect(clips).toHaveCount(1);
});

test("a clip that the browser cannot keep is to be downloaded", async ({ studio, page }) => {
	await page.addInitScript(() => {
		IDBFactory.prototype.open = () => {
			throw new DOMException("no room for databases", "UnknownError");
		};
	});
	await studio.openQuick("a red ball");
	await studio.generate.click();
	await expect(page.getByText("Download this clip")).toBeVisible({ timeout: 4 * 60_000 });
	await expect(studio.download).toBeVisible();
	const question = page.waitForEvent("dialog");
	await page.close({ runBeforeUnload: true });
	expect((await question).type()).toBe("beforeunload");
	await (await question).dismiss();
});

test("a clip of another frame rate says so and plays at it", async ({ studio, page }) => {
	await studio.changeModel({ ...smallClips, fps: 8, frame_rates: [8, 16] });
	await studio.open();
	await studio.chooseQuick(1);
	await page.getByRole("radio", { name: "16", exact: true }).check();
	await studio.prompt.fill("a red ball");
	await studio.generate.click();
	const facts = probe((await studio.save()).path);
	expect(facts.duration).toBeCloseTo(facts.frames / 16, 2);
	expect(JSON.parse(facts.tags.comment ?? "")).toMatchObject({ prompt: "a red ball", fps: 16 });
});

test("settings of a clip that the model has no more are named, and the others used", async ({
	studio,
	page,
}) => {
	await studio.openQuick("a red ball");
	await studio.keepSeed(7);
	await studio.generate.click();
	await expect(studio.download).toBeVisible({ timeout: 4 * 60_000 });
	const sizes = [
		{ label: "4:3", width: 80, height: 64 },
		{ label: "16:9", width: 112, height: 64 },
	];
	await studio.changeModel({ sizes, frames: [17, 25] });
	await studio.open();
	await studio.prompt.fill("something else");
	await page.getByRole("radio", { name: "16:9" }).check();
	await page.getByRole("list", { name: "Earlier clips" }).getByRole("button").click();
	await page.getByRole("button", { name: "Use these settings" }).click();
	await expect(page.getByRole("status").filter({ hasText: "length and shape" })).toBeVisible();
	await expect(studio.prompt).toHaveValue("a red ball");
	await expect(page.getByLabel("Seed", { exact: true })).toHaveValue("7");
	await expect(page.getByRole("radio", { name: "16:9" })).toBeChecked();
	const lengths = page.getByRole("group", { name: "Length" }).getByRole("radio");
	await expect(lengths.first()).toBeChecked();
});

test("a clip is of what was asked for, whatever is typed while the model loads", async ({
	studio,
	page,
}) => {
	await studio.openQuick("a red ball");
	let release = () => {};
	const typed = new Promise<void>((resolve) => {
		release = resolve;
	});
	await page.context().route("**/vae.gguf", async (route) => {
		await typed;
		await route.continue();
	});
	await studio.generate.click();
	await expect(studio.progress).toBeVisible();
	await studio.prompt.fill("something else");
	release();
	expect(probe((await studio.save()).path).tags.title).toBe("a red ball");
});

/** Keeps the page's clips from being written or deleted. @returns how to end that. */
async function holdDatabase(page: Page): Promise<() => Promise<void>> {
	const hold = await page.evaluateHandle(async () => {
		const opening = indexedDB.open("kinora");
		await new Promise((resolve) => opening.addEventListener("success", resolve));
		const store = opening.result.transaction("clips", "readwrite").objectStore("clips");
		const hold = { ended: false };
		// A transaction lasts as long as something is asked of it.
		const ask = () => {
			store.count().onsuccess = () => hold.ended || ask();
		};
		ask();
		return hold;
	});
	return () =>
		hold.evaluate((hold) => {
			hold.ended = true;
		});
}

/** Whether there is a picture at an address. */
function canBeShown(page: Page, address: string): Promise<boolean> {
	return page.evaluate(async (src) => {
		const picture = Object.assign(new Image(), { src });
		return picture.decode().then(
			() => true,
			() => false,
		);
	}, address);
}
