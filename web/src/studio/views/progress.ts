import { html, type TemplateResult } from "lit";
import { megabytes } from "../../megabytes.js";
import type { Phase } from "../../worker/protocol.js";
import type { Work } from "../state.js";
import type { Studio } from "../studio.js";

const phaseNames: Record<Phase, string> = {
	device: "Looking for the graphics device",
	download: "Downloading the model",
	load: "Loading the model",
	compile: "Preparing the shaders",
	wait: "Waiting for another clip to be made",
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

function count({ phase, done, total, bytesPerSecond }: Work): string {
	switch (phase) {
		case "download": {
			const pace = bytesPerSecond ? `, ${megabytes(bytesPerSecond)} MB a second` : "";
			return `${megabytes(done)} of ${megabytes(total)} MB${pace}`;
		}
		case "denoise":
			return `step ${Math.min(done + 1, total)} of ${total}`;
		case "decode":
			return `${done} of ${total}`;
		default:
			return "";
	}
}

function timeLeft({ phase, done, total, timeLeft, bytesPerSecond, cancelling }: Work): string {
	if (cancelling) return "";
	if (timeLeft !== undefined) return `about ${duration(timeLeft)} left`;
	if (phase !== "download" || !bytesPerSecond) return "";
	return `about ${duration((total - done) / bytesPerSecond)} of downloading left`;
}

function duration(seconds: number): string {
	return seconds < 60 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} min`;
}
