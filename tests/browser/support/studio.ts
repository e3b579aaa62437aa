import { test as base, expect, type Locator, type Page } from "@playwright/test";
import type { Manifest } from "../../../web/src/manifest.js";

/**
 * Fields for `changeModel`: clips small enough for a graphics processor that is none, in tests that do
 * not look at what they show.
 */
export const smallClips = {
	sizes: [
		{ label: "1:1", width: 64, height: 64 },
		{ label: "16:9", width: 112, height: 64 },
	],
	frames: [9],
} satisfies Partial<Manifest>;

/** The controls of the page, by the names that people and screen readers know them under. */
export class StudioPage {
	readonly prompt: Locator;
	readonly generate: Locator;
	readonly cancel: Locator;
	readonly progress: Locator;
	readonly video: Locator;
	readonly download: Locator;
	readonly alert: Locator;

	constructor(readonly page: Page) {
		this.prompt = page.getByRole("textbox", { name: "Prompt", exact: true });
		this.generate = page.getByRole("button", { name: "Generate" });
		this.cancel = page.getByRole("button", { name: "Cancel" });
		this.progress = page.getByRole("progressbar");
		this.video = page.getByRole("region", { name: "Result" }).locator("video");
		this.download = page.getByRole("link", { name: "Download" });
		this.alert = page.getByRole("alert").filter({ hasText: /\S/ });
	}

	async open(query = ""): Promise<void> {
		await this.page.goto(baseUrl() + query);
		await expect(this.prompt).toBeVisible();
	}

	/** The page with a model of small clips, set to the shortest one in a few steps, and a prompt. */
	async openQuick(prompt: string, steps = 1): Promise<void> {
		await this.changeModel(smallClips);
		await this.open();
		await this.chooseQuick(steps);
		await this.prompt.fill(prompt);
	}

	/** The description of the model that the page shows. */
	async manifest(): Promise<Manifest> {
		return await (await this.page.request.get(`${baseUrl()}models/nano/model.json`)).json();
	}

	/** From now on, the page's model has these fields in its description. */
	async changeModel(fields: Record<string, unknown>): Promise<void> {
		await this.page.route("**/model.json", async (route) => {
			const response = await route.fetch();
			await route.fulfill({ response, json: { ...(await response.json()), ...fields } });
		});
	}

	/** The shortest clip in a few steps, for a graphics processor that is none. */
	async chooseQuick(steps: number): Promise<void> {
		await this.page.getByRole("group", { name: "Length" }).getByRole("radio").first().check();
		const details = this.page.getByText("Fine controls");
		if (!(await this.page.getByLabel("Steps").isVisible())) await details.click();
		await this.page.getByLabel("Steps").fill(String(steps));
	}

	async keepSeed(seed: number): Promise<void> {
		await this.page.getByLabel("Seed", { exact: true }).fill(String(seed));
		await this.page.getByLabel("Seed", { exact: true }).blur();
		await expect(this.page.getByRole("button", { name: "Keep this seed" })).toHaveAttribute(
			"aria-pressed",
			"true",
		);
	}

	/** Waits for the clip and saves it. */
	async save(): Promise<{ path: string; fileName: string }> {
		await expect(this.download).toBeVisible({ timeout: 10 * 60_000 });
		const [download] = await Promise.all([
			this.page.waitForEvent("download"),
			this.download.click(),
		]);
		return { path: await download.path(), fileName: download.suggestedFilename() };
	}
}

/** Where the built page is served. */
export function baseUrl(): string {
	return fromEnvironment("KINORA_BASE_URL");
}

/** Where the pages of another origin are served. */
export function hostUrl(): string {
	return fromEnvironment("KINORA_HOST_URL");
}

function fromEnvironment(name: string): string {
	const value = process.env[name];
	if (!value) throw new Error(`${name} is not set; support/servers.ts should have done it`);
	return value;
}

/** A test with the studio's page; it fails when the page breaks its own security policy. */
export const test = base.extend<{ studio: StudioPage }>({
	studio: async ({ page }, use) => {
		const violations: string[] = [];
		page.on("console", (message) => {
			if (message.text().includes("Content Security Policy")) violations.push(message.text());
		});
		page.on("pageerror", (error) => violations.push(String(error)));
		await use(new StudioPage(page));
		expect(violations).toEqual([]);
	},
});

export { expect };
