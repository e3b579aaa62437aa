import { html, type TemplateResult } from "lit";
import type { Phase } from "../../worker/protocol.js";
import type { Work } from "../state.js";
import type { Studio } from "../studio.js";

const phaseNames: Record<Phase, string> = {
	device: "Looking for the graphics device",
	download: "Downloading the model",
	load: "Loading the model",
	compile: "Preparing the shaders",
	text: "Reading the prompt",
	denoise: "Developing",
	decode: "Printing frames",
	encode: "Writing the file",
};

/** How far the clip is, in words and as a strip of film that fills up; and the way out. */
export function progressStrip(studio: Studio, work: Work): TemplateResult {
	const percent = Math.floor(work.fraction * 100);
	const phase = work.cancelling ? "Stopping" : phaseNames[work.phase];
	const text = [phase, count(work)].filter(Boolean).join(" · ");
	return html`
		<div class="progress">
			<div
				class="filmstrip"
				role="progressbar"
				aria-label="Progress"
				aria-valuemin="0"
				aria-valuemax="100"
				aria-valuenow=${percent}
				aria-valuetext="${text}, ${percent} %"
			>
				<div class="exposed" .style=${`--fraction: ${work.fraction}`}></div>
			</div>
			<p class="phase"><span>${text}</span><span class="time-left">${timeLeft(work)}</span></p>
			<button
				id="cancel"
				type="button"
				aria-disabled=${work.cancelling}
				@click=${() => studio.cancel()}
			>
				Cancel
			</button>
		</div>
	`;
}

function count({ phase, done, total }: Work): string {
	switch (phase) {
		case "download":
			return `${megabytes(done)} of ${megabytes(total)} MB`;
		case "denoise":
			return `step ${Math.min(done + 1, total)} of ${total}`;
		case "decode":
			return `${done} of ${total}`;
		default:
			return "";
	}
}

function megabytes(bytes: number): string {
	return (bytes / 1e6).toFixed(1);
}

function timeLeft({ timeLeft, cancelling }: Work): string {
	if (timeLeft === undefined || cancelling) return "";
	const seconds = Math.ceil(timeLeft);
	if (seconds < 60) return `about ${seconds} s left`;
	return `about ${Math.ceil(seconds / 60)} min left`;
}
