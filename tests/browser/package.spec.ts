import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "@playwright/test";
import { origin, serve } from "./support/servers.js";
import { baseUrl, StudioPage, smallClips } from "./support/studio.js";

const web = path.join(import.meta.dirname, "../../web");

test("a site that installs the package type-checks, and makes a clip when it is bundled", async ({
	page,
}, testInfo) => {
	const site = testInfo.outputPath("site");
	mkdirSync(path.join(site, "node_modules"), { recursive: true });
	symlinkSync(web, path.join(site, "node_modules/kinora"));
	writeFileSync(
		path.join(site, "main.ts"),
		`import "kinora/element";
		const clip = document.querySelector("kinora-clip");
		clip?.addEventListener("result", ({ detail }) => console.log(detail.blob.size));
		clip?.addEventListener("error", ({ detail }) => console.log(detail.suggestion?.frames));`,
	);
	writeFileSync(
		path.join(site, "index.html"),
		`<!doctype html>
		<kinora-clip prompt="a red ball" steps="1" model="${baseUrl()}models/nano/"></kinora-clip>
		<script type="module" src="/main.ts"></script>`,
	);
	const run = (program: string, ...options: string[]) =>
		execFileSync(path.join(web, "node_modules/.bin", program), options, {
			cwd: site,
			stdio: "pipe",
		});
	run("tsc", "--ignoreConfig", "--noEmit", "--strict", "--moduleResolution", "bundler", "main.ts");
	run("vite", "build", site);

	const server = await serve(path.join(site, "dist"), "");
	try {
		await new StudioPage(page).changeModel(smallClips);
		await page.goto(origin(server));
		await page.getByRole("button", { name: "Make this clip" }).click();
		await expect(page.locator("kinora-clip video")).toBeVisible({ timeout: 2 * 60_000 });
	} finally {
		server.close();
	}
});
