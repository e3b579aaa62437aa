/** Draws a few coarse pixels smoothly: plain bilinear scaling would show their grid. */
export function drawEnlarged(image: ImageData, canvas: HTMLCanvasElement): void {
	const small = new OffscreenCanvas(image.width, image.height);
	const context = canvas.getContext("2d", { alpha: false });
	small.getContext("2d")?.putImageData(image, 0, 0);
	if (!context) return;
	const scale = Math.max(1, Math.ceil(256 / Math.max(image.width, image.height)));
	canvas.width = image.width * scale;
	canvas.height = image.height * scale;
	context.imageSmoothingQuality = "high";
	context.drawImage(small, 0, 0, canvas.width, canvas.height);
}
