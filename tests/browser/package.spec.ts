import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "@playwright/test";
import { origin, serve } from "./support/servers.js";
import { baseUrl, StudioPage, smallClips } from "./support/studio.js";

const web = path.join(import.meta.dirname, "../../web");

test("a site that installs the package and bundles it makes a clip", async ({ page }, testInfo) => {
	const site = testInfo.outputPath("site");
	mkdirSync(path.join(site, "node_modules"), { recursive: true });
	symlinkSync(web, path.join(site, "node_modules/kinora"));
	writeFileSync(path.join(site, "main.js"), 'import "kinora/element";');
	writeFileSync(
		path.join(site, "index.html"),
		`<!doctype html>
		<kinora-clip prompt="a red ball" steps="1" model="${baseUrl()}models/nano/"></kinora-clip>
		<script type="module" src="/main.js"></script>`,
	);
	execFileSync(path.join(web, "node_modules/.bin/vite"), ["build", site], {
		cwd: site,
		stdio: "pipe",
	});

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
