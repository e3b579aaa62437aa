import { longestTask } from "./support/main-thread.js";
import { expect, test } from "./support/studio.js";
import { decode, difference, probe } from "./support/video.js";

test("a prompt becomes an MP4 that plays, loops and downloads", async ({
	studio,
	page,
	browser,
}) => {
	await studio.open();
	await studio.chooseQuick(4);
	await studio.prompt.pressSequentially("a red ball bouncing over the meadow at sunset");
	const longest = await longestTask(browser, page, async () => {
		await studio.generate.click();
		await expect(studio.progress).toBeVisible();
		await expect(page.locator("canvas.preview")).toBeVisible({ timeout: 4 * 60_000 });
		await expect(studio.download).toBeVisible({ timeout: 6 * 60_000 });
	});
	expect(longest, "milliseconds of the longest task of the page").toBeLessThan(100);
	const { path, fileName } = await studio.save();

	await expect(studio.video).toHaveJSProperty("loop", true);
	await expect(studio.video).toHaveJSProperty("paused", false);
	expect(fileName).toMatch(/^nano_a-red-ball-bouncing-over-the-meadow-at-sunset_\d{8}-\d{6}\.mp4$/);
	const facts = probe(path);
	expect(facts.codec).toBe("h264");
	expect([facts.width, facts.height]).toEqual([256, 256]);
	expect(facts.frames).toBe(9);
	expect(facts.duration).toBeCloseTo(9 / 8, 2);
	const settings = JSON.parse(facts.tags.comment ?? "");
	expect(settings).toMatchObject({ model: "nano", frames: 9, fps: 8, steps: 4 });
	expect(facts.tags.title).toBe("a red ball bouncing over the meadow at sunset");

	const frames = decode(path, 32, 32);
	for (let index = 1; index < frames.length; index++) {
		const [before, after] = [frames[index - 1], frames[index]];
		expect(before && after && difference(before, after)).toBeGreaterThan(0.1);
	}
});

test("a clip can be cancelled, and another one made", async ({ studio, page }) => {
	await studio.open();
	await studio.chooseQuick(50);
	await studio.prompt.fill("a white boat sailing to the left on the sea at dawn");
	await studio.generate.click();
	await expect(studio.progress).toHaveAttribute("aria-valuetext", /step [2-9]/, {
		timeout: 4 * 60_000,
	});
	await studio.cancel.click();
	await expect(studio.generate).toBeEnabled();
	await expect(studio.progress).toBeHidden();
	await expect(page.getByText("Cancelled.")).toBeAttached();
	await expect(studio.prompt).toHaveValue("a white boat sailing to the left on the sea at dawn");

	await studio.chooseQuick(2);
	await studio.generate.click();
	await studio.save();
	await studio.generate.click();
	await expect(studio.progress).toBeVisible();
	await expect(page.getByRole("list", { name: "Earlier clips" }).getByRole("button")).toHaveCount(
		2,
		{ timeout: 4 * 60_000 },
	);
});

test("the same seed makes the same clip, and its settings can be used again", async ({
	studio,
	page,
}) => {
	await studio.open();
	await studio.chooseQuick(2);
	await studio.keepSeed(7);
	await studio.prompt.fill("a blue ball bouncing over the meadow at noon");
	await studio.generate.click();
	const first = decode((await studio.save()).path, 64, 64);

	await page.getByRole("button", { name: "New random seed" }).click();
	await studio.prompt.fill("something else");
	await page.getByRole("button", { name: "Use these settings" }).click();
	await expect(studio.prompt).toHaveValue("a blue ball bouncing over the meadow at noon");
	await expect(page.getByLabel("Seed", { exact: true })).toHaveValue("7");
	await studio.generate.click();
	await expect(studio.progress).toBeVisible();
	const second = decode((await studio.save()).path, 64, 64);
	first.forEach((frame, index) => {
		expect(difference(frame, second[index] ?? new Uint8Array())).toBeLessThan(1);
	});
});
