import type { KinoraProgress, OnProgress } from "./protocol.js";

const intervalMilliseconds = 500;

/**
 * Passes progress on at most twice a second, but the first report of every phase at once: while
 * the GPU works, the page should have little to draw.
 */
export class Throttle {
	readonly #onProgress: OnProgress;
	#held: KinoraProgress | undefined;
	#phase = "";
	#sentAt = 0;

	constructor(onProgress: OnProgress) {
		this.#onProgress = onProgress;
	}

	send(progress: KinoraProgress): void {
		// How a phase ended is told before the next one begins.
		if (progress.phase !== this.#phase) this.flush();
		const due = performance.now() - this.#sentAt >= intervalMilliseconds;
		if (!due && progress.phase === this.#phase) {
			this.#held = progress;
			return;
		}
		this.#phase = progress.phase;
		this.#sentAt = performance.now();
		this.#held = undefined;
		this.#onProgress(progress);
	}

	/** Sends the last report that was held back, if any. */
	flush(): void {
		if (this.#held) this.#onProgress(this.#held);
		this.#held = undefined;
	}
}
