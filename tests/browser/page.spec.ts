import AxeBuilder from "@axe-core/playwright";
import { beginWorkersWith, pauseBeforeFrames } from "./support/api.js";
import { baseUrl, expect, test } from "./support/studio.js";

test("the controls follow the model", async ({ studio, page }) => {
	await studio.open();
	const manifest = await studio.manifest();
	const shapes = page.getByRole("group", { name: "Shape" }).getByRole("radio");
	await expect(shapes).toHaveCount(manifest.sizes.length);
	const lengths = page.getByRole("group", { name: "Length" }).getByRole("radio");
	await expect(lengths).toHaveCount(manifest.frames.length);
	await page.getByText("Fine controls").click();
	await expect(page.getByLabel("Steps")).toHaveValue(String(manifest.sampler.steps));
	await expect(page.getByLabel("Guidance")).toHaveValue(String(manifest.sampler.guidance));
});

test("a model of several frame rates has them among its controls", async ({ studio, page }) => {
	await studio.changeModel({ frame_rates: undefined });
	await studio.open();
	await expect(page.getByRole("group", { name: "Frames a second" })).toBeHidden();
	await studio.changeModel({ fps: 8, frame_rates: [8, 16] });
	await studio.open();
	const rates = page.getByRole("group", { name: "Frames a second" }).getByRole("radio");
	await expect(rates).toHaveCount(2);
	await expect(rates.first()).toBeChecked();
	const { frames } = await studio.manifest();
	const lengths = page.getByRole("group", { name: "Length" });
	await rates.nth(1).check();
	await expect(lengths).toContainText(`${(Math.min(...frames) / 16).toFixed(1)} s`);
	const { violations } = await new AxeBuilder({ page }).analyze();
	expect(violations.map(({ id }) => id)).toEqual([]);
});

test("the dice draws a seed that is kept", async ({ studio, page }) => {
	await studio.open();
	const seed = page.getByLabel("Seed", { exact: true });
	const before = await seed.inputValue();
	await page.getByRole("button", { name: "New random seed" }).click();
	await expect(seed).not.toHaveValue(before);
	await expect(page.getByRole("button", { name: "Keep this seed" })).toHaveAttribute(
		"aria-pressed",
		"true",
	);
});

test("words are inserted by a click, and unknown ones pointed out", async ({ studio, page }) => {
	await studio.open();
	await studio.prompt.fill("a ball over the meadow");
	await studio.prompt.evaluate((box: HTMLTextAreaElement) => box.setSelectionRange(1, 1));
	const colours = page.getByRole("group", { name: /^colou?rs$/i });
	await colours.getByRole("button", { name: "red", exact: true }).click();
	await expect(studio.prompt).toHaveValue("a red ball over the meadow");
	await expect(page.getByText("has never seen")).toBeHidden();

	await studio.prompt.pressSequentially(" xylophone ");
	await expect(page.getByText("has never seen xylophone")).toBeVisible();
	await expect(page.locator(".unknown")).toHaveText("xylophone");
});

test("a prompt that an example replaces can be put back", async ({ studio, page }) => {
	await studio.open();
	const examples = page.getByRole("list", { name: "Examples" }).getByRole("button");
	const putBack = page.getByRole("button", { name: "Put it back" });
	await examples.first().click();
	await examples.last().click();
	await expect(putBack).toBeHidden();

	await studio.prompt.fill("words of my own");
	await examples.first().click();
	await examples.last().click();
	await expect(studio.prompt).toHaveValue((await examples.last().textContent()) ?? "");
	await expect(page.getByRole("status").getByText("can be put back")).toBeAttached();
	await putBack.click();
	await expect(studio.prompt).toHaveValue("words of my own");
	await expect(studio.prompt).toBeFocused();
	await expect(putBack).toBeHidden();
	await page.reload();
	await expect(studio.prompt).toHaveValue("words of my own");
});

test("the page is usable with the keyboard alone", async ({ studio, page }) => {
	await studio.open();
	await page.keyboard.press("Tab");
	await expect(studio.prompt).toBeFocused();
	await page.keyboard.type("a red ball bouncing over the meadow at sunset");
	await page.keyboard.press("Tab");
	await expect(studio.generate).toBeFocused();
	await page.keyboard.press("Enter");
	await expect(studio.cancel).toBeFocused();
	await page.keyboard.press("Enter");
	await expect(studio.generate).toBeFocused({ timeout: 60_000 });

	const shapes = page.getByRole("group", { name: "Shape" }).getByRole("radio");
	await shapes.first().focus();
	await page.keyboard.press("ArrowRight");
	await expect(shapes.nth(1)).toBeChecked();
});

for (const colorScheme of ["light", "dark"] as const) {
	test(`the ${colorScheme} page has no accessibility faults`, async ({ studio, page }) => {
		await page.emulateMedia({ colorScheme });
		await studio.open();
		await studio.prompt.fill("a red xylophone ");
		await page.getByText("Fine controls").click();
		await page.getByRole("button", { name: "Generate" }).focus();
		const { violations } = await new AxeBuilder({ page }).analyze();
		expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
	});
}

for (const colorScheme of ["light", "dark"] as const) {
	test(`the borders of controls can be seen on the ${colorScheme} page`, async ({
		studio,
		page,
	}) => {
		await page.emulateMedia({ colorScheme });
		await studio.open();
		await page.getByText("Fine controls").click();
		const [background, ...borders] = await page.evaluate(() => {
			const controls = ".prompt-card, .choices label:not(:has(:checked)), #seed, #negative-prompt";
			const borders = [...document.querySelectorAll(`${controls}, .examples button`)].map(
				(control) => getComputedStyle(control).borderTopColor,
			);
			return [getComputedStyle(document.body).backgroundColor, ...borders];
		});
		expect(borders.length).toBeGreaterThan(5);
		for (const border of borders) expect(contrast(border, background ?? "")).toBeGreaterThan(3);
	});
}

/** The contrast ratio of WCAG 2.2 of two CSS colours of the form `rgb(0, 0, 0)`. */
function contrast(...colours: [string, string]): number {
	const luminances = colours.map((colour) => {
		const [red = 0, green = 0, blue = 0] = (colour.match(/\d+/g) ?? []).map((text) => {
			const value = Number(text) / 255;
			return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
		});
		return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
	});
	return (Math.max(...luminances) + 0.05) / (Math.min(...luminances) + 0.05);
}

test("a page with clips, and one with an error, have no accessibility faults", async ({
	studio,
	page,
}) => {
	await studio.openQuick("a red ball");
	const clips = page.getByRole("list", { name: "Earlier clips" }).getByRole("button");
	for (const count of [0, 2]) {
		await studio.generate.click();
		await expect(studio.progress).toBeVisible();
		await expect(studio.download).toBeVisible({ timeout: 4 * 60_000 });
		await expect(clips).toHaveCount(count);
	}
	const faults = async () => {
		const { violations } = await new AxeBuilder({ page }).analyze();
		return violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]);
	};
	expect(await faults()).toEqual([]);
	await studio.prompt.fill("");
	await studio.generate.click();
	await expect(studio.alert).toBeVisible();
	expect(await faults()).toEqual([]);
});

test("contrast themes show where the keyboard is, what is chosen, and how far a clip is", async ({
	studio,
	page,
}) => {
	await page.emulateMedia({ forcedColors: "active" });
	await studio.open();
	await expect(page.locator(".prompt-card")).toHaveCSS("outline-style", "none");
	await studio.prompt.focus();
	await expect(page.locator(".prompt-card")).toHaveCSS("outline-style", "solid");
	const shapes = page.getByRole("group", { name: "Shape" });
	const colours = (chosen: boolean) =>
		shapes
			.locator("label")
			.filter({ has: page.getByRole("radio", { checked: chosen }) })
			.first()
			.evaluate((label) => {
				const { color, backgroundColor } = getComputedStyle(label);
				return { color, backgroundColor };
			});
	const [chosen, other] = [await colours(true), await colours(false)];
	expect(chosen.backgroundColor).not.toBe(other.backgroundColor);
	expect(chosen.color).not.toBe(chosen.backgroundColor);
	const keepSeed = page.getByRole("button", { name: "Keep this seed" });
	const background = (element: Element) => getComputedStyle(element).backgroundColor;
	const unlocked = await keepSeed.evaluate(background);
	await keepSeed.click();
	expect(await keepSeed.evaluate(background)).not.toBe(unlocked);

	await studio.prompt.fill("a red ball");
	await studio.generate.click();
	const done = studio.progress.locator("div");
	expect(await done.evaluate(background)).not.toBe(await studio.progress.evaluate(background));
	await studio.cancel.click();
});

test("contrast themes show how far the widget is", async ({ page }) => {
	await page.emulateMedia({ forcedColors: "active" });
	await page.goto(`${baseUrl()}embed.html`);
	await page.getByRole("button", { name: "Make this clip" }).first().click();
	const done = page.getByRole("progressbar").locator("div");
	const [background, canvas] = await done.evaluate((element) => {
		const canvas = document.body.appendChild(document.createElement("p"));
		canvas.style.backgroundColor = "Canvas";
		return [element, canvas].map((element) => getComputedStyle(element).backgroundColor);
	});
	expect(background).not.toBe(canvas);
});

for (const reducedMotion of ["reduce", "no-preference"] as const) {
	const moves = reducedMotion === "no-preference";
	test(`preview and clip ${moves ? "play" : "stand still for those who want less motion"}`, async ({
		studio,
		page,
	}) => {
		await page.emulateMedia({ reducedMotion });
		await beginWorkersWith(page, () => pauseBeforeFrames);
		await studio.openQuick("a red ball");
		await studio.generate.click();
		await expect(studio.progress).toHaveAttribute("aria-valuetext", /Printing/, {
			timeout: 2 * 60_000,
		});
		const preview = page.locator("canvas.preview");
		const picture = () => preview.evaluate((canvas: HTMLCanvasElement) => canvas.toDataURL());
		const blank = await page.evaluate(() => document.createElement("canvas").toDataURL());
		await expect.poll(picture, "drawn once at least").not.toBe(blank);
		const first = await picture();
		const pictures = [first];
		for (let look = 0; look < 4; look++) {
			await page.waitForTimeout(300);
			pictures.push(await picture());
		}
		expect(pictures.some((other) => other !== first)).toBe(moves);
		await expect(studio.video).toBeVisible({ timeout: 2 * 60_000 });
		await expect(studio.video).toHaveJSProperty("paused", !moves);
	});
}

test("nothing is wider than a phone", async ({ studio, page }) => {
	await page.setViewportSize({ width: 360, height: 740 });
	await studio.open();
	await studio.prompt.fill("x".repeat(300));
	const overflow = await page.evaluate(
		() => document.documentElement.scrollWidth - document.documentElement.clientWidth,
	);
	expect(overflow).toBe(0);
});
