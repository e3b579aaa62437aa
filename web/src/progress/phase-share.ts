import type { KinoraProgress, Phase } from "../worker/protocol.js";

/** How far the whole is at the end of each phase. */
const ends: Record<Phase, number> = {
	device: 0.02,
	download: 0.15,
	load: 0.18,
	compile: 0.2,
	wait: 0.2,
	text: 0.22,
	denoise: 0.85,
	decode: 0.98,
	encode: 1,
};

const order = Object.keys(ends) as Phase[];

/**
 * How far the whole is, from 0 to 1, when nothing is known about the speed of the machine. The
 * parts are those of a small model on an ordinary graphics processor.
 */
export function shareOf({ phase, done, total }: KinoraProgress): number {
	const before = order[order.indexOf(phase) - 1];
	const start = before ? ends[before] : 0;
	const share = total > 0 ? done / total : 0;
	return start + (ends[phase] - start) * share;
}
