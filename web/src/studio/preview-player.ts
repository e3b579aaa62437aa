import { drawEnlarged } from "../preview/draw-enlarged.js";
import type { Preview } from "../worker/protocol.js";

const frameMilliseconds = 500;

/**
 * Plays the preview on a canvas, two frames a second. A timer and not an animation: while the
 * GPU works, every frame the page draws is taken from it.
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
		const image = preview?.frames[this.#frame % preview.frames.length];
		if (!image || !this.#canvas) return;
		this.#frame += 1;
		drawEnlarged(image, this.#canvas);
	}
}
