/** The developer page with the op table; tests read `window.kinoraOps`. */

import { runOps } from "../client/ops.js";
import type { OpRow } from "../engine.js";
import { KinoraError } from "../errors.js";

declare global {
	interface Window {
		/** All rows, once every case has run. */
		kinoraOps: Promise<OpRow[]>;
	}
}

const filter = new URLSearchParams(location.search).get("filter") ?? undefined;
window.kinoraOps = runOps(filter, showRow);
window.kinoraOps.then(showSummary, showError);

function showRow(row: OpRow): void {
	const line = document.createElement("tr");
	line.classList.toggle("failed", !row.ok);
	const cells = [
		row.op,
		row.variant,
		row.shape,
		row.error.toExponential(1),
		row.bound.toExponential(1),
		row.ok ? "ok" : "FAILED",
		row.milliseconds.toFixed(2),
		row.gflops?.toFixed(2) ?? "",
	];
	line.append(
		...cells.map((text) => {
			const cell = document.createElement("td");
			cell.textContent = text;
			return cell;
		}),
	);
	document.getElementById("rows")?.append(line);
}

function showSummary(rows: OpRow[]): void {
	const failed = rows.filter((row) => !row.ok).length;
	setStatus(`${rows.length} cases, ${failed} failed.`);
}

function showError(error: unknown): void {
	setStatus(KinoraError.from(error).message);
}

function setStatus(text: string): void {
	const status = document.getElementById("status");
	if (status) status.textContent = text;
}
