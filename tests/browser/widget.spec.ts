import { readFileSync } from "node:fs";
import path from "node:path";
import AxeBuilder from "@axe-core/playwright";
import { expect, type Locator, type Page, type Route, test } from "@playwright/test";
import { beginWorkersWith, crashWhileDecoding } from "./support/api.js";
import { baseUrl, hostUrl, StudioPage, smallClips } from "./support/studio.js";

/** What is used of the element. */
interface KinoraClip extends HTMLElement {
	prompt: string;
	width: number;
	height: number;
	seconds: number;
	readonly updateComplete: Promise<boolean>;
	generate(): Promise<unknown>;
}

declare global {
	interface Window {
		events: { type: string; detail: Record<string, unknown> }[];
	}
}

test("the widget makes a clip on a page of another origin", async ({ page }) => {
	await new StudioPage(page).changeModel(smallClips);
	const requests: string[] = [];
	page.on("request", (request) => requests.push(request.url()));
	await page.clock.install();
	await openHost(page);
	const make = page.getByRole("button", { name: "Make this clip" });
	await expect(make).toBeVisible();
	expect(requests.filter((url) => /models|wasm|worker/.test(url))).toEqual([]);

	await make.focus();
	await page.keyboard.press("Enter");
	await expect(page.getByRole("progressbar")).toBeVisible();
	await expect(page.getByRole("button", { name: "Cancel" })).toBeFocused();
	const video = page.locator("kinora-clip video");
	await expect(video).toBeVisible({ timeout: 10 * 60_000 });
	await expect(video).toHaveJSProperty("loop", true);
	await expect(video).toHaveAttribute("aria-label", "A red ball");
	await expect(video).toHaveJSProperty("paused", false);

	const events = await page.evaluate(() => window.events);
	expect(events.map(({ type }) => type)).toEqual(
		expect.arrayContaining(["progress", "load", "result"]),
	);
	expect(events.filter(({ type }) => type === "violation")).toEqual([]);
	const result = events.find(({ type }) => type === "result");
	const { width, height } = smallClips.sizes.find(({ label }) => label === "16:9") ?? {};
	expect(result?.detail.params).toMatchObject({ seed: 7, steps: 1, width, height });
	const box = await video.boundingBox();
	expect((box?.width ?? 0) / (box?.height ?? 1), "the whole picture").toBeCloseTo(
		(width ?? 0) / (height ?? 1),
		2,
	);
	expect(await keepsFocusOutside(page), "a changed attribute leaves the keyboard alone").toBe(true);
	await page.locator("kinora-clip").evaluate((clip) => clip.removeAttribute("alt"));
	await expect(video, "and describes the clip that is shown").toHaveAttribute(
		"aria-label",
		"a red ball bouncing over the meadow at sunset",
	);
	const { violations } = await new AxeBuilder({ page }).include("kinora-clip").analyze();
	expect(violations.map(({ id }) => id)).toEqual([]);

	expect(page.workers(), "the model waits for another clip").toHaveLength(1);
	await page.clock.fastForward(60_000);
	await expect.poll(() => page.workers(), "and is then given back").toHaveLength(0);
});

test("the page of another origin has the security policy that the documentation gives", async ({
	page,
}) => {
	await openHost(page);
	const policy = await page.locator("meta[http-equiv]").getAttribute("content");
	const readme = readFileSync(path.join(import.meta.dirname, "../../web/README.md"), "utf8");
	const [, documented = ""] = readme.match(/^Content-Security-Policy:([^`]+)```/m) ?? [];
	const oneLine = (text: string) => text.replace(/\s+/g, " ").trim();
	expect(oneLine(policy ?? "").replaceAll(new URL(baseUrl()).origin, "https://example.org")).toBe(
		oneLine(documented),
	);
});

test("a clip that fails after it was denoised is only decoded when it is tried again", async ({
	page,
}) => {
	await new StudioPage(page).changeModel(smallClips);
	const scripts = [crashWhileDecoding];
	await beginWorkersWith(page, () => scripts.pop() ?? "");
	await openHost(page);
	await page.locator("kinora-clip").evaluate((clip) => clip.removeAttribute("seed"));
	await page.getByRole("button", { name: "Make this clip" }).click();
	await expect(page.getByRole("alert")).toContainText("a crash", { timeout: 2 * 60_000 });
	await page.getByRole("button", { name: "Try again" }).click();
	await expect(page.locator("kinora-clip video")).toBeVisible({ timeout: 2 * 60_000 });
	const events = await page.evaluate(() => window.events);
	const failed = events.findIndex(({ type }) => type === "error");
	const phases = events.slice(failed).map(({ detail }) => detail.phase);
	expect(phases).toContain("decode");
	expect(phases).not.toContain("denoise");
});

test("the widget reports an error and can try again", async ({ page }) => {
	await page.route("**/model.json", (route) => route.fulfill({ status: 500 }));
	await openHost(page);
	await page.getByRole("button", { name: "Make this clip" }).click();
	await expect(page.getByRole("alert")).toContainText("model description");
	const events = await page.evaluate(() => window.events);
	expect(events.at(-1)).toMatchObject({ type: "error", detail: { code: "network" } });

	await page.unroute("**/model.json");
	await page.getByRole("button", { name: "Try again" }).click();
	await expect(page.getByText(/step \d of/).first()).toBeVisible({ timeout: 2 * 60_000 });
	await page.getByRole("button", { name: "Cancel" }).click();
	await expect(page.getByRole("button", { name: "Make this clip" })).toBeVisible();
});

test("an aspect that the model does not have is refused with those that it has", async ({
	page,
}) => {
	await new StudioPage(page).changeModel(smallClips);
	await openHost(page);
	await page.locator("kinora-clip").evaluate((clip) => clip.setAttribute("aspect", "5:4"));
	await page.getByRole("button", { name: "Make this clip" }).click();
	await expect(page.getByRole("alert")).toContainText('"5:4", but of 1:1, 16:9', {
		timeout: 2 * 60_000,
	});
});

/** Runs in the Worker before its own script: reports that a network is loaded before the decoding. */
const loadBeforeDecoding = `
{
	const { postMessage } = MessagePort.prototype;
	MessagePort.prototype.postMessage = function (message, ...others) {
		if (message.argumentList?.[0]?.value?.phase === "decode") {
			const value = { phase: "load", done: 0, total: 1 };
			postMessage.call(this, { ...message, argumentList: [{ type: "RAW", value }] }, ...others);
		}
		return postMessage.call(this, message, ...others);
	};
}
`;

test("a network that is loaded in between does not take the bar back", async ({ page }) => {
	await new StudioPage(page).changeModel(smallClips);
	await beginWorkersWith(page, () => loadBeforeDecoding);
	await page.goto(`${hostUrl()}host.html?kinora=${encodeURIComponent(baseUrl())}`);
	await page.waitForFunction(() => customElements.get("kinora-clip"));
	const reports = await page.evaluate(async () => {
		const clip = document.querySelector("kinora-clip") as KinoraClip;
		const reports: { phase: unknown; percent: number }[] = [];
		(clip as EventTarget).addEventListener("progress", async (event) => {
			const { phase } = (event as CustomEvent).detail;
			await clip.updateComplete;
			const bar = clip.shadowRoot?.querySelector("[role=progressbar]");
			if (bar) reports.push({ phase, percent: Number(bar.getAttribute("aria-valuenow")) });
		});
		await clip.generate();
		return reports;
	});
	const phases = reports.map(({ phase }) => phase);
	expect(phases.lastIndexOf("load")).toBeGreaterThan(phases.lastIndexOf("denoise"));
	const percents = reports.map(({ percent }) => percent);
	expect(percents).toEqual(percents.toSorted((a, b) => a - b));
});

/** A model whose first size fits no device, and whose other does. */
const vastClips = {
	sizes: [{ label: "vast", width: 4096, height: 4096 }, ...smallClips.sizes.slice(0, 1)],
	frames: [24],
};

test("a clip that does not fit is refused before the download, and one of the size that does is made", async ({
	page,
}) => {
	const downloads = await holdDownloads(page);
	await new StudioPage(page).changeModel(vastClips);
	await openHost(page);
	const clip = page.locator("kinora-clip");
	await clip.evaluate((element) => element.removeAttribute("aspect"));
	await page.getByRole("button", { name: "Make this clip" }).click();
	await expect(page.getByRole("alert")).toContainText("4096 × 4096");
	expect(downloads).toEqual([]);
	const suggestion = await page.evaluate(() => window.events.at(-1)?.detail.suggestion);
	expect(suggestion).toEqual({ width: 64, height: 64, frames: 24 });

	await clip.evaluate((element: KinoraClip) => {
		Object.assign(element, { width: 64, height: 64, seconds: 24 / 12 });
	});
	await page.getByRole("button", { name: "Try again" }).click();
	await expect.poll(() => downloads.length).toBeGreaterThan(0);
});

test("a clip larger than the model's default is refused before the download", async ({ page }) => {
	const downloads = await holdDownloads(page);
	await new StudioPage(page).changeModel({ ...smallClips, frames: [24] });
	await openHost(page);
	await page.locator("kinora-clip").evaluate((element: KinoraClip) => {
		Object.assign(element, { width: 4096, height: 4096 });
	});
	await page.getByRole("button", { name: "Make this clip" }).click();
	await expect(page.getByRole("alert")).toContainText("4096 × 4096");
	expect(downloads).toEqual([]);
});

test("a clip that does not fit leaves the others of the page alone", async ({ page }) => {
	const downloads = await holdDownloads(page);
	await new StudioPage(page).changeModel(vastClips);
	const engine = new Promise<Route>((resolve) => {
		void page.route("**/*.wasm", resolve, { times: 1 });
	});
	await openHost(page);
	const [vast, small] = [page.locator("kinora-clip").first(), page.locator("kinora-clip").last()];
	await vast.evaluate((element) => {
		element.removeAttribute("aspect");
		const other = element.cloneNode(true) as KinoraClip;
		other.setAttribute("aspect", "1:1");
		element.after(other);
	});
	await vast.getByRole("button").click();
	const request = await engine;
	await small.getByRole("button").click();
	await expect(small.getByRole("progressbar")).toBeVisible();
	await request.continue();
	await expect(vast.getByRole("alert")).toContainText("4096 × 4096");
	await expect.poll(() => downloads.length).toBeGreaterThan(0);
	await expect(small.getByRole("progressbar")).toBeVisible();
});

test("a widget without a prompt, or with a length that is none, says so", async ({ page }) => {
	await openHost(page);
	const clip = page.locator("kinora-clip");
	await clip.evaluate((element) => element.removeAttribute("prompt"));
	await clip.getByRole("button").click();
	await expect(clip.getByRole("alert")).toContainText("The prompt is empty");
	await clip.evaluate((element) => {
		element.setAttribute("prompt", "a red ball");
		element.setAttribute("seconds", "two");
	});
	await clip.getByRole("button").click();
	await expect(clip.getByRole("alert")).toContainText('"seconds"');
});

test("a widget whose clip waits for another one's says so", async ({ page }) => {
	await new StudioPage(page).changeModel(smallClips);
	await openHost(page);
	await page.locator("kinora-clip").evaluate((first: KinoraClip) => {
		const second = first.cloneNode(true) as KinoraClip;
		first.after(second);
		void first.generate();
		void second.generate();
	});
	await expect(page.getByRole("progressbar", { name: /Waiting for another clip/ })).toHaveCount(1, {
		timeout: 2 * 60_000,
	});
});

test("a widget that leaves the page at once loads nothing", async ({ page }) => {
	const requests: string[] = [];
	page.on("request", (request) => requests.push(request.url()));
	await openHost(page);
	await page.evaluate(async () => {
		const clip = document.querySelector("kinora-clip") as KinoraClip;
		const made = clip.generate();
		clip.remove();
		await made;
		// Time for a request that should not come.
		await new Promise((resolve) => setTimeout(resolve, 500));
	});
	expect(requests.filter((url) => /models|wasm|worker/.test(url))).toEqual([]);
});

test("a widget that is moved within the page keeps what it does and what it has made", async ({
	page,
}) => {
	await new StudioPage(page).changeModel(smallClips);
	await openHost(page);
	await page.evaluate(() => {
		const dialog = document.body.appendChild(document.createElement("dialog"));
		dialog.open = true;
		const clip = document.querySelector("kinora-clip") as KinoraClip;
		clip.setAttribute("reveal", "auto");
		clip.addEventListener("load", () => dialog.append(clip));
		document.querySelector("main")?.append(clip);
	});
	const video = page.locator("dialog kinora-clip video");
	await expect(video).toBeVisible({ timeout: 2 * 60_000 });
	const made = await video.getAttribute("src");
	for (const move of ["append", "moveBefore"] as const) {
		await page.evaluate((move) => {
			const main = document.querySelector("main") as HTMLElement & {
				moveBefore: Node["insertBefore"];
			};
			const clip = document.querySelector("kinora-clip") as KinoraClip;
			if (move === "append") main.append(clip);
			else main.moveBefore(clip, main.firstChild);
		}, move);
		// Time for a clip that would be made anew.
		await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 500)));
		await expect(page.locator("main kinora-clip video")).toHaveAttribute("src", made ?? "");
		expect(await isPlayable(page, made ?? ""), "its file is still there").toBe(true);
	}
	const events = await page.evaluate(() => window.events.map(({ type }) => type));
	expect(events.filter((type) => type === "result" || type === "error")).toEqual(["result"]);

	await page.locator("kinora-clip").evaluate((clip) => clip.remove());
	expect(await isPlayable(page, made ?? ""), "one that has left for good frees it").toBe(false);
});

test("a widget starts by itself when it is seen, but not where that has killed the tab", async ({
	page,
}) => {
	await new StudioPage(page).changeModel(smallClips);
	const progress = page.getByRole("progressbar");
	const open = async () => {
		await openHost(page);
		await page.locator("kinora-clip").evaluate((clip) => clip.setAttribute("reveal", "auto"));
	};
	await open();
	await expect(progress).toBeVisible();
	await open();
	await expect(progress, "leaving the page is no reason to wait").toBeVisible();

	const left = await page.evaluate(() => Object.entries(sessionStorage));
	await page.addInitScript((entries) => {
		for (const [key, value] of entries) sessionStorage.setItem(key, value);
	}, left);
	await open();
	// Time for a start that should not come.
	await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 500)));
	await page.getByRole("button", { name: "Make this clip" }).click();
	await expect(progress).toBeVisible();
});

test("a widget that is to wait again before it was seen does not start", async ({ page }) => {
	await holdDownloads(page);
	await openHost(page);
	const clip = page.locator("kinora-clip");
	await moveBelowTheFold(page);
	await setReveal(clip, "auto");
	await setReveal(clip, "manual");
	await clip.scrollIntoViewIfNeeded();
	// Time for a start that should not come.
	await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 500)));
	await expect(page.getByRole("progressbar")).toBeHidden();
	await setReveal(clip, "auto");
	await expect(page.getByRole("progressbar")).toBeVisible();
});

test("a clip that the page has asked for is not made again when it is seen", async ({ page }) => {
	await new StudioPage(page).changeModel(smallClips);
	await openHost(page);
	const clip = page.locator("kinora-clip");
	await moveBelowTheFold(page);
	await clip.evaluate((element) => {
		element.setAttribute("reveal", "auto");
		// As one that was written into the page like this.
		element.replaceWith(element.cloneNode(true));
	});
	await clip.evaluate((element: KinoraClip) => element.generate());
	const video = page.locator("kinora-clip video");
	const made = await video.getAttribute("src");
	await clip.scrollIntoViewIfNeeded();
	await setReveal(clip, "manual");
	await setReveal(clip, "auto");
	// Time for a clip that would be made anew.
	await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 500)));
	await expect(video).toHaveAttribute("src", made ?? "");
});

test("the widget's clip stands still for those who want less motion", async ({ page }) => {
	await page.emulateMedia({ reducedMotion: "reduce" });
	await new StudioPage(page).changeModel(smallClips);
	await openHost(page);
	await page.getByRole("button", { name: "Make this clip" }).click();
	const video = page.locator("kinora-clip video");
	await expect(video).toBeVisible({ timeout: 2 * 60_000 });
	await expect(video).toHaveJSProperty("paused", true);
});

test("the widget says aloud what is unusual", async ({ page }) => {
	await holdDownloads(page);
	await openHost(page);
	await page.getByRole("button", { name: "Make this clip" }).click();
	const notice = page.getByRole("status").filter({ hasText: "No graphics processor" });
	await expect(notice).toBeVisible({ timeout: 60_000 });
});

test("a widget whose engine is on the server no more asks for the page to be reloaded", async ({
	page,
}) => {
	await page.route("**/kinora-worker-*.js", (route) => route.fulfill({ status: 404 }));
	await openHost(page);
	await page.getByRole("button", { name: "Make this clip" }).click();
	await expect(page.getByRole("alert")).toContainText("Reload the page");
});

test("the widget fits into a narrow column, and says what is English in it", async ({ page }) => {
	await openHost(page);
	const clip = page.locator("kinora-clip");
	await expect(clip).toHaveCSS("width", "320px");
	await page.locator("main").evaluate((main) => {
		main.style.width = "200px";
		document.documentElement.lang = "zh";
	});
	await expect(clip).toHaveCSS("width", "200px");
	await expect(clip.getByRole("button")).toHaveAttribute("lang", "en");
	const languageOfPrompt = clip
		.locator(".prompt")
		.evaluate((prompt) => prompt.matches(":lang(zh)"));
	expect(await languageOfPrompt, "the page's own words are in the page's language").toBe(true);
});

test("attributes mirror properties", async ({ page }) => {
	await openHost(page);
	const clip = page.locator("kinora-clip");
	await expect(clip).toHaveJSProperty("steps", 1);
	await clip.evaluate((element: HTMLElement & { negativePrompt: string }) => {
		element.negativePrompt = "fog";
	});
	await expect(clip).toHaveAttribute("negative-prompt", "fog");
});

test("without WebGPU the page's own words are shown", async ({ page }) => {
	await page.addInitScript(() => {
		Reflect.deleteProperty(Navigator.prototype, "gpu");
	});
	await openHost(page);
	await page.getByRole("button", { name: "Make this clip" }).click();
	await expect(page.getByText("Here is a drawing instead.")).toBeVisible();
});

/** Opens the page of another origin that embeds the widget. */
async function openHost(page: Page): Promise<void> {
	await page.goto(`${hostUrl()}host.html?kinora=${encodeURIComponent(baseUrl())}`);
	await page.waitForFunction(() => customElements.get("kinora-clip"));
}

/** Puts the widget where it is seen only after scrolling. */
async function moveBelowTheFold(page: Page): Promise<void> {
	await page.locator("kinora-clip").evaluate((clip) => {
		clip.style.marginTop = "3000px";
	});
}

/** Changes when the clip is to be made, and lets the widget be drawn, which shows whether it is seen. */
async function setReveal(clip: Locator, reveal: string): Promise<void> {
	await clip.evaluate(async (element: KinoraClip, reveal) => {
		element.setAttribute("reveal", reveal);
		await element.updateComplete;
		await new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)));
	}, reveal);
}

/** Weights that are asked for from now on do not come. @returns their addresses. */
async function holdDownloads(page: Page): Promise<string[]> {
	const downloads: string[] = [];
	await page.route("**/*.gguf", (route) => void downloads.push(route.request().url()));
	return downloads;
}

function isPlayable(page: Page, address: string): Promise<boolean> {
	return page.evaluate((address) => {
		const video = document.createElement("video");
		return new Promise<boolean>((resolve) => {
			video.onloadedmetadata = () => resolve(true);
			video.onerror = () => resolve(false);
			video.src = address;
		});
	}, address);
}

/** Whether the keyboard stays in a field beside the widget while the widget's prompt changes. */
function keepsFocusOutside(page: Page): Promise<boolean> {
	return page.evaluate(async () => {
		const field = document.body.appendChild(document.createElement("input"));
		field.focus();
		const clip = document.querySelector("kinora-clip") as KinoraClip;
		clip.prompt = "a blue ball";
		await clip.updateComplete;
		const kept = document.activeElement === field;
		field.remove();
		return kept;
	});
}

test("the example page embeds the widget in its own look", async ({ page }) => {
	await page.goto(`${baseUrl()}embed.html`);
	await expect(page.getByRole("button", { name: "Make this clip" })).toBeVisible();
});
