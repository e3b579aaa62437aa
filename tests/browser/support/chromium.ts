import { existsSync } from "node:fs";
import type { LaunchOptions } from "@playwright/test";

/** Debian's, unless `CHROMIUM` names another. */
const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";

if (!existsSync(executablePath)) {
	throw new Error(`${executablePath} is missing; install it with: sudo apt-get install chromium`);
}

/** Chromium with WebGPU on SwiftShader, which needs no graphics processor. */
export const chromium: LaunchOptions = {
	executablePath,
	args: [
		"--headless=new",
		"--no-sandbox",
		"--enable-unsafe-webgpu",
		"--use-webgpu-adapter=swiftshader",
		"--disable-quic",
		"--no-first-run",
		"--disable-background-networking",
		"--disable-component-update",
		"--disable-sync",
	],
};
