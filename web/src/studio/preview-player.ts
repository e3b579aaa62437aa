import { drawEnlarged } from "../preview/draw-enlarged.js";
import { prefersReducedMotion } from "../preview/reduced-motion.js";
import type { Preview } from "../worker/protocol.js";

const frameMilliseconds = 500;

/**
 * Plays the preview on a canvas, two frames a second; for those who want less motion, its first frame only.
 * A timer and not an animation: while the GPU works, every frame the page draws is taken from it.
 */
export class PreviewPlayer {
	#canvas: HTMLCanvasElement | undefined;
	#preview: Preview | undefined;
	#timer: ReturnType<typeof setInterval> | undefined;
	#frame = 0;

	/** Takes the canvas that the page shows, or undefined when it is gone. */
	attach(canvas: HTMLCanvasElement | undefined): void {
		this.#canvas = canvas;
		clearInterval(this.#timer);
		this.#timer = canvas && setInterval(() => this.#draw(), frameMilliseconds);
	}

	/** Stays at the frame that is shown. */
	hold(): void {
		clearInterval(this.#timer);
	}

	show(preview: Preview | undefined): void {
		this.#preview = preview;
	}

	#draw(): void {
		const preview = this.#preview;
		const frame = prefersReducedMotion() ? 0 : this.#frame++;
		const image = preview?.frames[frame % preview.frames.length];
		if (!image || !this.#canvas) return;
		drawEnlarged(image, this.#canvas);
	}
}
