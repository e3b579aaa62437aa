import type { Page, Route } from "@playwright/test";
import type { Api } from "./support/api.js";
import { limitStorage, storedFiles, storedText } from "./support/stored-files.js";
import { baseUrl, expect, smallClips, test } from "./support/studio.js";

const listOfModels = "owners.json";

test("the stored model can be deleted, and the next clip downloads it again", async ({
	studio,
	page,
}) => {
	const deleteModel = page.getByRole("button", { name: "Delete the model" });
	await studio.changeModel(smallClips);
	await studio.open();
	await expect(deleteModel).toBeHidden();
	await studio.chooseQuick(50);
	await studio.prompt.fill("a red ball");
	await beginClip();
	await studio.cancel.click();
	await expect(page.getByText("18.0 MB.")).toBeVisible();
	await studio.generate.click();
	await expect(deleteModel, "while it is in use").toBeDisabled();
	await studio.cancel.click();

	page.once("dialog", (question) => question.dismiss());
	await deleteModel.click();
	expect(await storedFiles(page)).toHaveLength(5);
	page.once("dialog", (question) => question.accept());
	await deleteModel.click();
	await expect(page.getByRole("status").filter({ hasText: "downloads it again" })).toBeVisible();
	await expect(deleteModel).toBeHidden();
	await expect(studio.generate).toBeFocused();
	expect(await storedFiles(page)).toEqual([listOfModels]);

	const downloads: string[] = [];
	page.on("request", (request) => downloads.push(request.url()));
	await beginClip();
	expect(downloads.filter((url) => url.endsWith(".gguf"))).toHaveLength(3);
	await studio.cancel.click();
	await expect(deleteModel).toBeVisible();

	async function beginClip() {
		await studio.generate.click();
		await expect(studio.progress).toHaveAttribute("aria-valuetext", /step \d+ of/, {
			timeout: 2 * 60_000,
		});
	}
});

test("a model that another tab works with is not deleted", async ({ studio, page }) => {
	const other = await page.context().newPage();
	await other.goto(`${baseUrl()}embed.html`);
	await load(other, "models/nano/");
	await studio.open();
	page.on("dialog", (question) => question.accept());
	await page.getByRole("button", { name: "Delete the model" }).click();
	await expect(studio.alert).toContainText("another tab");
	expect(await storedFiles(page)).toHaveLength(5);
	await other.close();
	await page.getByRole("button", { name: "Delete the model" }).click();
	await expect.poll(() => storedFiles(page)).toEqual([listOfModels]);
});

test("of models that share files, one is deleted without the other", async ({ page }) => {
	await serveTwin(page);
	const { files } = await (await page.request.get(`${baseUrl()}models/nano/model.json`)).json();
	const [first] = files;
	await page.goto(`${baseUrl()}embed.html`);
	const unload = await load(page, "models/nano/");
	const unloadTwin = await load(page, "models/twin/");
	expect(await forget(page, "models/twin/"), "what both need stays").toBe("deleted");
	expect(await storedFiles(page)).toHaveLength(5);
	expect(await forget(page, "models/nano/")).toMatch(/^KinoraError: The model is in use/);
	await unload();
	await unloadTwin();
	expect(await forget(page, "models/nano/")).toBe("deleted");
	expect(await storedFiles(page)).toEqual([listOfModels]);

	await page.route(`**/${first.path}`, async (route) => {
		const body = await (await route.fetch()).body();
		await route.fulfill({ status: 200, body: body.subarray(0, 100_000) });
	});
	await page.evaluate(async (script) => {
		const { Kinora } = (await import(script)) as Api;
		const signal = AbortSignal.timeout(5000);
		await Kinora.load({ signal }).catch(() => undefined);
	}, `${baseUrl()}kinora.js`);
	expect(await storedFiles(page)).toContain(`${first.sha256}.part`);
	expect(await forget(page, "models/nano/"), "a part of a download").toBe("deleted");
	expect(await storedFiles(page)).toEqual([listOfModels]);
});

test("with no room for it, the list of which model needs which file stays as it was", async ({
	page,
}) => {
	await serveTwin(page);
	await page.goto(`${baseUrl()}embed.html`);
	await load(page, "models/nano/");
	const list = await storedText(page, listOfModels);
	expect(list).toContain("models/nano/model.json");
	await limitStorage(page, 500_000);
	await load(page, "models/twin/");
	expect(await storedText(page, listOfModels)).toBe(list);
	await limitStorage(page, 50_000_000);
	await load(page, "models/twin/");
	expect(await storedText(page, listOfModels)).toContain("models/twin/model.json");
	expect(await storedFiles(page)).toHaveLength(5);
});

test("a tab that waits for another one's download says so, and how far it is", async ({
	studio,
	page,
}) => {
	const { files } = await studio.manifest();
	const weights = files.find(({ role }) => role === "text")?.path;
	const other = await page.context().newPage();
	const rest = new Promise<Route>((resolve) => {
		void other.route(`**/${weights}`, async (route) => {
			if (route.request().headers().range) return resolve(route);
			const body = await (await route.fetch()).body();
			return route.fulfill({ status: 200, body: body.subarray(0, 100_000) });
		});
	});
	await other.goto(`${baseUrl()}embed.html`);
	const loaded = load(other, "models/nano/");
	const held = await rest;

	const downloads: string[] = [];
	page.on("request", (request) => downloads.push(request.url()));
	await studio.openQuick("a red ball", 50);
	await studio.generate.click();
	const waits = page.getByRole("status").filter({ hasText: "Another tab is downloading" });
	await expect(waits).toBeVisible({ timeout: 60_000 });
	await expect(studio.progress).toHaveAttribute("aria-valuetext", /model · 0\.1 of 18/);
	await held.continue();
	await expect(studio.progress).toHaveAttribute("aria-valuetext", /step \d+ of/, {
		timeout: 2 * 60_000,
	});
	expect(downloads.filter((url) => url.endsWith(`/${weights}`))).toEqual([]);
	await studio.cancel.click();
	await loaded;
});

/** From now on, the page's model is found at another address as well. */
async function serveTwin(page: Page): Promise<void> {
	await page.route("**/models/twin/*", async (route) => {
		const url = route.request().url().replace("/twin/", "/nano/");
		await route.fulfill({ response: await route.fetch({ url }) });
	});
}

/** Loads a model in a page. @returns how to unload it. */
async function load(page: Page, path: string): Promise<() => Promise<void>> {
	const kinora = await page.evaluateHandle(
		async ({ base, path }) => {
			const { Kinora } = (await import(`${base}kinora.js`)) as Api;
			return Kinora.load({ model: base + path });
		},
		{ base: baseUrl(), path },
	);
	return () => kinora.evaluate((kinora) => kinora.unload());
}

/** Deletes a stored model. @returns what came of it. */
async function forget(page: Page, path: string): Promise<string> {
	return page.evaluate(
		async ({ base, path }) => {
			const { Kinora } = (await import(`${base}kinora.js`)) as Api;
			return Kinora.forget(base + path).then(() => "deleted", String);
		},
		{ base: baseUrl(), path },
	);
}
