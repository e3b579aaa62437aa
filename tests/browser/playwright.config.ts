import { defineConfig } from "@playwright/test";
import { chromium } from "./support/chromium.js";

export default defineConfig({
	testDir: ".",
	globalSetup: "./support/servers.ts",
	// A CPU plays the graphics processor: one test at a time, and patience.
	workers: 1,
	timeout: 20 * 60_000,
	expect: { timeout: 20_000 },
	reporter: [["list"]],
	use: {
		viewport: { width: 1280, height: 900 },
		launchOptions: chromium,
		// Filming the page would take processor time from the graphics.
		trace: { mode: "retain-on-failure", screenshots: false },
	},
});
