/** A height in a picture, in rows from the top, and how strong a colour is there. */
export interface Spot {
	strength: number;
	y: number;
}

/** How much each channel counts for or against a colour. */
export type Weights = [red: number, green: number, blue: number];

/**
 * Where a colour is in an RGB picture: its greatest strength, and the middle of the rows of the pixels that
 * reach half of it.
 */
export function spotOf(picture: Uint8Array, width: number, weights: Weights): Spot {
	const strengths = Array.from({ length: picture.length / 3 }, (_, pixel) =>
		strengthOf(picture.subarray(pixel * 3, pixel * 3 + 3), weights),
	);
	const strength = Math.max(...strengths);
	const pixels = strengths.flatMap((value, pixel) => (value > strength / 2 ? [pixel] : []));
	const rows = pixels.map((pixel) => Math.floor(pixel / width));
	return { strength, y: rows.reduce((sum, row) => sum + row, 0) / rows.length };
}

/** How strong a colour is on average over some rows of a picture. */
export function strengthOfRows(
	picture: Uint8Array,
	width: number,
	weights: Weights,
	from: number,
	to: number,
): number {
	const rows = picture.subarray(from * width * 3, to * width * 3);
	return strengthOf(rows, weights) / (rows.length / 3);
}

/** How strong a colour is in red, green, blue; or in pixels one after the other, all together. */
function strengthOf(values: Uint8Array, weights: Weights): number {
	return values.reduce((total, value, index) => total + value * (weights[index % 3] ?? 0), 0);
}
