import { createHash } from "node:crypto";
import type { Page } from "@playwright/test";
import type { Manifest, ModelFile } from "../../web/src/manifest.js";
import { limitStorage, overwrite, storedFiles } from "./support/stored-files.js";
import { baseUrl, expect, type StudioPage, test } from "./support/studio.js";

const prompt = "a red ball bouncing over the meadow at sunset";

test("without WebGPU a message says so before any download", async ({ studio, page }) => {
	await page.addInitScript(() => {
		Reflect.deleteProperty(Navigator.prototype, "gpu");
	});
	const downloads = watchDownloads(page);
	await studio.open();
	await expect(studio.alert).toContainText("WebGPU");
	await studio.prompt.fill(prompt);
	await studio.generate.click();
	await expect(studio.alert.filter({ hasText: "No WebGPU here" })).toBeVisible();
	await expect(studio.generate).toBeEnabled();
	await expect(studio.prompt).toHaveValue(prompt);
	expect(downloads).toEqual([]);
});

test("an empty prompt is asked for, every time", async ({ studio, page }) => {
	await studio.open();
	await studio.prompt.fill("   ");
	await studio.generate.click();
	await expect(studio.alert).toContainText("The prompt is empty");
	await expect(studio.progress).toBeHidden();
	const message = studio.alert.getByText("The prompt is empty");
	await message.evaluate((element) => element.setAttribute("data-was-said", ""));
	await studio.generate.click();
	await expect(message, "what screen readers have said is not said again").not.toHaveAttribute(
		"data-was-said",
	);
	await page.getByRole("button", { name: "Dismiss" }).focus();
	await page.keyboard.press("Enter");
	await expect(studio.alert).toBeHidden();
	await expect(studio.generate).toBeFocused();
});

test("a prompt of 10,000 characters is kept and refused", async ({ studio }) => {
	const long = "a red ball ".repeat(910).slice(0, 10_000);
	await studio.open();
	await studio.prompt.fill(long);
	await studio.generate.click();
	await expect(studio.alert).toContainText("10,000 characters");
	await expect(studio.prompt).toHaveValue(long);
	await studio.prompt.fill(prompt);
	await expectToWork(studio);
});

test("a seed that is none is refused before the download", async ({ studio, page }) => {
	const downloads = watchDownloads(page);
	await studio.open();
	await studio.prompt.fill(prompt);
	await page.getByLabel("Seed", { exact: true }).fill("");
	await page.getByLabel("Seed", { exact: true }).blur();
	await studio.generate.click();
	await expect(studio.alert).toContainText('"seed"');
	expect(downloads).toEqual([]);
});

test("a model description that is missing can be asked for again", async ({ studio, page }) => {
	await page.route("**/model.json", (route) => route.fulfill({ status: 500 }));
	await page.goto(baseUrl());
	await expect(studio.alert).toContainText("HTTP 500");
	await page.unroute("**/model.json");
	await page.getByRole("button", { name: "Try again" }).click();
	await expect(studio.prompt).toBeVisible();
});

test("an engine that cannot be downloaded is named, and the page works once it can", async ({
	studio,
	page,
}) => {
	await page.route("**/*.wasm", (route) => route.abort());
	await studio.open();
	await studio.prompt.fill(prompt);
	await studio.generate.click();
	await expect(studio.alert).toContainText(/\.wasm could not be downloaded/, { timeout: 60_000 });
	await page.unroute("**/*.wasm");
	await expectToWork(studio);
});

for (const script of ["kinora-worker-*.js", "*.wasm"]) {
	test(`a page whose ${script} is on the server no more asks to be reloaded, and keeps its prompt`, async ({
		studio,
		page,
	}) => {
		await studio.open();
		await studio.prompt.fill(prompt);
		await page.route(`**/${script}`, (route) => route.fulfill({ status: 404 }));
		await studio.generate.click();
		await expect(studio.alert).toContainText("Reload the page", { timeout: 60_000 });
		await page.unroute(`**/${script}`);
		await page.reload();
		await expect(studio.prompt).toHaveValue(prompt);
		await expectToWork(studio);
	});
}

test("files of a model that the engine cannot run are downloaded once", async ({
	studio,
	page,
}) => {
	const { configs } = (await studio.manifest()) as Manifest & {
		configs: { dit: { num_layers: number } };
	};
	const dit = { ...configs.dit, num_layers: configs.dit.num_layers + 1 };
	await studio.changeModel({ configs: { ...configs, dit } });
	const downloads = watchDownloads(page);
	await studio.open();
	await studio.prompt.fill(prompt);
	for (let attempt = 0; attempt < 2; attempt++) {
		await studio.generate.click();
		await expect(studio.alert).toContainText("This model cannot be used", { timeout: 60_000 });
		await page.getByRole("button", { name: "Dismiss" }).click();
	}
	expect(downloads).toHaveLength(3);
});

test("a stored file that is damaged is downloaded again, the others are not", async ({
	studio,
	page,
}) => {
	await studio.open();
	await studio.prompt.fill(prompt);
	await expectToWork(studio);
	const file = fileOf(await studio.manifest(), "vae");
	await studio.open();
	await overwrite(page, file.sha256, 0, [...Buffer.from("no GGUF")]);
	await expectNewDownload(studio, file.path, 60_000);
});

test("a stored file whose weights are numbers no more is downloaded again", async ({
	studio,
	page,
}) => {
	await studio.openQuick(prompt, 2);
	await expectToWork(studio);
	const file = fileOf(await studio.manifest(), "dit");
	await studio.open();
	// The last tensor is the bias of the head: as f32, bytes of ones are NaN.
	await overwrite(page, file.sha256, file.bytes - 64, Array(64).fill(0xff));
	await expectNewDownload(studio, file.path, 4 * 60_000);
});

test("that there is no graphics processor is said before the download", async ({
	studio,
	page,
}) => {
	await page.route("**/*.gguf", () => undefined);
	await studio.open();
	await studio.prompt.fill(prompt);
	await studio.generate.click();
	await expect(page.getByRole("status").filter({ hasText: "No graphics processor" })).toBeVisible({
		timeout: 60_000,
	});
	await studio.cancel.click();
});

test("a missing model file is named, and the page works once it is there", async ({
	studio,
	page,
}) => {
	await page.route("**/dit.gguf", (route) => route.fulfill({ status: 404 }));
	await studio.open();
	await studio.prompt.fill(prompt);
	await studio.generate.click();
	await expect(studio.alert).toContainText(/dit\.gguf.*404/s, { timeout: 60_000 });
	await expect(studio.prompt).toHaveValue(prompt);
	await page.unroute("**/dit.gguf");
	await expectToWork(studio);
});

test("a corrupt model file is refused, and the page works once it is whole", async ({
	studio,
	page,
}) => {
	await page.route("**/dit.gguf", async (route) => {
		const response = await route.fetch();
		const body = await response.body();
		body[body.length >> 1] = (body[body.length >> 1] ?? 0) ^ 1;
		await route.fulfill({ response, body });
	});
	await studio.open();
	await studio.prompt.fill(prompt);
	await studio.generate.click();
	await expect(studio.alert).toContainText(/dit\.gguf is damaged/, { timeout: 60_000 });
	await page.unroute("**/dit.gguf");
	await expectToWork(studio);
});

test("a broken-off download resumes where it stopped", async ({ studio, page }) => {
	const ranges: (string | undefined)[] = [];
	await page.route("**/dit.gguf", async (route) => {
		ranges.push(route.request().headers().range);
		if (ranges.length > 1) return route.continue();
		const body = await (await route.fetch()).body();
		return route.fulfill({ status: 200, body: body.subarray(0, 100_000) });
	});
	await studio.open();
	await studio.prompt.fill(prompt);
	await expectToWork(studio);
	expect(ranges).toEqual([undefined, "bytes=100000-"]);
});

test("with no room to store the model it runs from memory and says so", async ({
	studio,
	page,
}) => {
	await studio.open();
	await limitStorage(page, 500_000);
	await studio.prompt.fill(prompt);
	await studio.generate.click();
	await expect(page.getByRole("status").filter({ hasText: "runs from memory" })).toBeVisible({
		timeout: 60_000,
	});
	await expectProgress(studio);
});

test("that the model will not fit into the storage is said before it is downloaded", async ({
	studio,
	page,
}) => {
	await page.route("**/*.gguf", () => undefined);
	await studio.open();
	await limitStorage(page, 5_000_000);
	await studio.prompt.fill(prompt);
	await studio.generate.click();
	await expect(page.getByRole("status").filter({ hasText: "no room for the 18.0 MB" })).toBeVisible(
		{
			timeout: 60_000,
		},
	);
	await studio.cancel.click();
	expect((await storedFiles(page)).filter((name) => !/^[0-9a-f]{64}/.test(name))).toEqual([
		"owners.json",
	]);

	await limitStorage(page, 50_000_000);
	await studio.generate.click();
	await expect(studio.progress).toHaveAttribute("aria-valuetext", /Downloading/, {
		timeout: 60_000,
	});
	await expect(page.getByText("no room for")).toBeHidden();
	await studio.cancel.click();
});

test("the files of an earlier version of the model are deleted", async ({ studio, page }) => {
	await studio.open();
	await studio.prompt.fill(prompt);
	await expectToWork(studio);
	const old = fileOf(await studio.manifest(), "tokenizer");
	expect(await storedFiles(page)).toContain(old.sha256);

	const text = await (await page.request.get(`${baseUrl()}models/nano/tokenizer.json`)).text();
	const body = Buffer.from(`${text} `);
	const sha256 = createHash("sha256").update(body).digest("hex");
	await page.route("**/tokenizer.json", (route) => route.fulfill({ body }));
	await page.route("**/model.json", async (route) => {
		const response = await route.fetch();
		const manifest = (await response.json()) as Manifest;
		Object.assign(fileOf(manifest, "tokenizer"), { bytes: body.length, sha256 });
		await route.fulfill({ response, json: manifest });
	});
	await studio.open();
	await studio.prompt.fill(prompt);
	await expectToWork(studio);
	const names = await storedFiles(page);
	expect(names).toContain(sha256);
	expect(names).not.toContain(old.sha256);
});

test("a size that does not fit is refused before the download", async ({ studio, page }) => {
	const downloads = watchDownloads(page);
	await page.route("**/model.json", async (route) => {
		const response = await route.fetch();
		const manifest = await response.json();
		manifest.sizes.push({ label: "vast", width: 4096, height: 4096 });
		await route.fulfill({ response, json: manifest });
	});
	await studio.open();
	await page.getByRole("radio", { name: "vast" }).check();
	await studio.prompt.fill(prompt);
	await studio.generate.click();
	await expect(studio.alert).toContainText(/4096 × 4096 with \d+ frames needs .* MiB/, {
		timeout: 60_000,
	});
	expect(downloads).toEqual([]);
	await expect(studio.prompt).toHaveValue(prompt);
	await page.getByRole("button", { name: /^Use \d/ }).focus();
	await page.keyboard.press("Enter");
	await expect(page.getByRole("radio", { name: "vast" })).not.toBeChecked();
	await expect(studio.alert).toBeHidden();
	await expect(studio.generate).toBeFocused();
	await page.getByRole("radio", { name: "1:1", exact: true }).check();
	await studio.chooseQuick(50);
	await expectToWork(studio);
});

test("a lost graphics device is reported, and the next clip starts a new one", async ({
	studio,
	browser,
}) => {
	await studio.open();
	await studio.chooseQuick(50);
	await studio.prompt.fill(prompt);
	await studio.generate.click();
	await expect(studio.progress).toHaveAttribute("aria-valuetext", /step [2-9]/, {
		timeout: 2 * 60_000,
	});
	const session = await browser.newBrowserCDPSession();
	await session.send("Browser.crashGpuProcess");
	await expect(studio.alert).toContainText(/lost/, { timeout: 60_000 });
	await expect(studio.prompt).toHaveValue(prompt);
	await expectToWork(studio);
});

/** The addresses of the weights that are asked for from now on. */
function watchDownloads(page: Page): string[] {
	const downloads: string[] = [];
	page.on("request", (request) => {
		if (request.url().endsWith(".gguf")) downloads.push(request.url());
	});
	return downloads;
}

/** Starts a clip and stops it once the network runs. */
async function expectToWork(studio: StudioPage): Promise<void> {
	await studio.generate.click();
	await expectProgress(studio);
}

/** The page says that a stored file was damaged; then it works again, with that file alone downloaded anew. */
async function expectNewDownload(studio: StudioPage, path: string, timeout: number): Promise<void> {
	const downloads = watchDownloads(studio.page);
	await studio.generate.click();
	await expect(studio.alert).toContainText("downloaded anew", { timeout });
	expect(downloads).toEqual([]);
	await expectToWork(studio);
	expect(downloads).toEqual([`${baseUrl()}models/nano/${path}`]);
}

async function expectProgress(studio: StudioPage): Promise<void> {
	await expect(studio.progress).toHaveAttribute("aria-valuetext", /step \d+ of/, {
		timeout: 2 * 60_000,
	});
	await studio.cancel.click();
	await expect(studio.generate).toBeEnabled({ timeout: 60_000 });
	await expect(studio.alert).toBeHidden();
}

function fileOf({ files }: Manifest, role: ModelFile["role"]): ModelFile {
	const file = files.find((file) => file.role === role);
	if (!file) throw new Error(`The model has no file for "${role}"`);
	return file;
}
