const smallestShortSide = 256;

/** How many times larger than the model's pixels the file's picture is: a whole number. */
export function enlargement(width: number, height: number): number {
	return Math.max(1, Math.ceil(smallestShortSide / Math.min(width, height)));
}

/** Draws RGBA frames of one size smoothly enlarged onto a canvas. */
export class Enlarger {
	readonly canvas: OffscreenCanvas;
	readonly #small: OffscreenCanvas;

	constructor(width: number, height: number) {
		const scale = enlargement(width, height);
		this.#small = new OffscreenCanvas(width, height);
		this.canvas = new OffscreenCanvas(width * scale, height * scale);
	}

	draw(rgba: Uint8Array): void {
		const { width, height } = this.#small;
		const small = context2d(this.#small);
		const large = context2d(this.canvas);
		small.putImageData(new ImageData(new Uint8ClampedArray(rgba), width, height), 0, 0);
		large.imageSmoothingEnabled = true;
		large.imageSmoothingQuality = "high";
		large.drawImage(this.#small, 0, 0, this.canvas.width, this.canvas.height);
	}
}

function context2d(canvas: OffscreenCanvas): OffscreenCanvasRenderingContext2D {
	const context = canvas.getContext("2d", { alpha: false });
	if (!context) throw new Error("The browser gave no 2D canvas");
	return context;
}
