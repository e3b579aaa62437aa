import { expect, test } from "./support/studio.js";
import { decode } from "./support/video.js";

const [width, height] = [32, 32];

for (const [colour, [red, green, blue]] of Object.entries({
	red: [1, -1, -1],
	blue: [-1, -0.5, 1],
})) {
	test(`a ${colour} ball is ${colour} and not at the edge of the picture`, async ({ studio }) => {
		await studio.open();
		await studio.chooseQuick(16);
		await studio.keepSeed(3);
		await studio.prompt.fill(`a ${colour} ball bouncing over the meadow at noon`);
		await studio.generate.click();
		const frames = decode((await studio.save()).path, width, height);

		for (const frame of frames) {
			const best = strongest(frame, red ?? 0, green ?? 0, blue ?? 0);
			expect(best.strength, "how much of the colour the strongest spot has").toBeGreaterThan(60);
		}
	});
}

/** The 3 × 3 spot in which a mixture of the channels is strongest. */
function strongest(frame: Uint8Array, red: number, green: number, blue: number) {
	let best = { strength: -Infinity, x: 0, y: 0 };
	for (let y = 1; y < height - 1; y++) {
		for (let x = 1; x < width - 1; x++) {
			const strength = spot(frame, x, y, [red, green, blue]);
			if (strength > best.strength) best = { strength, x, y };
		}
	}
	return best;
}

function spot(frame: Uint8Array, x: number, y: number, weights: number[]): number {
	let sum = 0;
	for (let dy = -1; dy <= 1; dy++) {
		for (let dx = -1; dx <= 1; dx++) {
			const at = ((y + dy) * width + x + dx) * 3;
			weights.forEach((weight, channel) => {
				sum += weight * (frame[at + channel] ?? 0);
			});
		}
	}
	return sum / 9;
}
