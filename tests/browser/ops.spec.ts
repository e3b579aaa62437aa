import { expect, test } from "@playwright/test";
import { baseUrl } from "./support/studio.js";

test("every kernel agrees with its reference in the browser", async ({ page }) => {
	test.setTimeout(40 * 60_000);
	await page.goto(`${baseUrl()}ops.html`);
	const rows = await page.evaluate(() => window.kinoraOps);
	const worst = new Map<string, { error: number; bound: number; gflops: number }>();
	for (const { op, variant, error, bound, gflops } of rows) {
		const name = `${op} ${variant}`;
		const known = worst.get(name) ?? { error: 0, bound, gflops: 0 };
		worst.set(name, {
			error: Math.max(known.error, error),
			bound,
			gflops: Math.max(known.gflops, gflops ?? 0),
		});
	}
	for (const [name, { error, bound, gflops }] of worst) {
		console.log(
			`${name.padEnd(40)} error ${error.toExponential(1)} of ${bound.toExponential(1)}  ${gflops.toFixed(2)} GFLOP/s`,
		);
	}
	expect(rows.length).toBeGreaterThan(0);
	// Written so that NaN fails.
	expect(rows.filter(({ ok, error, bound }) => !ok || !(error <= bound))).toEqual([]);
});

declare global {
	interface Window {
		kinoraOps: Promise<
			{
				op: string;
				variant: string;
				shape: string;
				error: number;
				bound: number;
				ok: boolean;
				milliseconds: number;
				gflops: number | null;
			}[]
		>;
	}
}
