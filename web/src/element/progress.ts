import type { KinoraProgress, Phase } from "../worker/protocol.js";

/** The part of the bar, in per cent, that each phase fills up to. */
const ends: Record<Phase, number> = {
	device: 2,
	download: 15,
	load: 18,
	compile: 20,
	text: 22,
	denoise: 85,
	decode: 98,
	encode: 100,
};

const names: Record<Phase, string> = {
	device: "Looking for the graphics device",
	download: "Downloading the model",
	load: "Loading the model",
	compile: "Preparing",
	text: "Reading the prompt",
	denoise: "Developing",
	decode: "Printing frames",
	encode: "Writing the file",
};

const order = Object.keys(ends) as Phase[];

/** How far the whole is, from 0 to 100. */
export function percentOf({ phase, done, total }: KinoraProgress): number {
	const before = order[order.indexOf(phase) - 1];
	const start = before ? ends[before] : 0;
	const share = total > 0 ? done / total : 0;
	return Math.round(start + (ends[phase] - start) * share);
}

/** What is going on, for people. */
export function describeProgress({ phase, done, total }: KinoraProgress): string {
	if (phase === "download") {
		return `${names.download}: ${(done / 1e6).toFixed(1)} of ${(total / 1e6).toFixed(1)} MB`;
	}
	if (phase === "denoise") return `${names.denoise}: step ${Math.min(done + 1, total)} of ${total}`;
	return names[phase];
}
