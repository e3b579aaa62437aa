/** A place in a picture and how strong a colour is there. */
export interface Spot {
	strength: number;
	x: number;
	y: number;
}

/** How much each channel counts for or against a colour. */
export type Weights = [red: number, green: number, blue: number];

/** The 3 × 3 spot of an RGB picture in which a colour is strongest. */
export function strongestSpot(picture: Uint8Array, width: number, weights: Weights): Spot {
	const height = picture.length / 3 / width;
	let best: Spot = { strength: Number.NEGATIVE_INFINITY, x: 0, y: 0 };
	for (let y = 1; y < height - 1; y++) {
		for (let x = 1; x < width - 1; x++) {
			const strength = strengthAt(picture, width, weights, x, y);
			if (strength > best.strength) best = { strength, x, y };
		}
	}
	return best;
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
	const sum = rows.reduce((total, value, index) => total + value * (weights[index % 3] ?? 0), 0);
	return sum / (rows.length / 3);
}

function strengthAt(
	picture: Uint8Array,
	width: number,
	weights: Weights,
	x: number,
	y: number,
): number {
	let sum = 0;
	for (let dy = -1; dy <= 1; dy++) {
		const row = ((y + dy) * width + x - 1) * 3;
		for (let at = 0; at < 9; at++) sum += (picture[row + at] ?? 0) * (weights[at % 3] ?? 0);
	}
	return sum / 9;
}
