import { megabytes } from "../megabytes.js";
import type { KinoraProgress, Phase } from "../worker/protocol.js";

const names: Record<Phase, string> = {
	device: "Looking for the graphics device",
	download: "Downloading the model",
	load: "Loading the model",
	compile: "Preparing",
	wait: "Waiting for another clip to be made",
	text: "Reading the prompt",
	denoise: "Developing",
	decode: "Printing frames",
	encode: "Writing the file",
};

/** What is going on, for people. */
export function describeProgress({ phase, done, total }: KinoraProgress): string {
	if (phase === "download") {
		return `${names.download}: ${megabytes(done)} of ${megabytes(total)} MB`;
	}
	if (phase === "denoise") return `${names.denoise}: step ${Math.min(done + 1, total)} of ${total}`;
	return names[phase];
}
