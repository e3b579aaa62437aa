import { html, svg, type TemplateResult } from "lit";
import { ref } from "lit/directives/ref.js";
import { prefersReducedMotion } from "../../preview/reduced-motion.js";
import type { Work } from "../state.js";
import { chosenSize, type Studio } from "../studio.js";
import { progressStrip } from "./progress.js";

/**
 * The screen: dark, or showing what takes shape, or playing the clip. The style is set as a
 * property, for the page's policy forbids style attributes.
 */
export function stage(studio: Studio): TemplateResult {
	const { state } = studio;
	const chosen = state.work || !state.take ? chosenSize(state) : state.take.clip.params;
	const shown = state.stopped ?? chosen;
	return html`
		<div class="stage" .style=${`--ratio: ${shown.width / shown.height}`}>
			<div class="screen">${picture(studio)}</div>
		</div>
		${state.work ? progressStrip(studio, state.work) : null}
	`;
}

function picture(studio: Studio): TemplateResult {
	const { work, take, stopped } = studio.state;
	if (work?.preview || stopped) {
		return html`<canvas
			class="preview"
			role="img"
			aria-label=${stopped ? "Blurred preview of the clip that was stopped" : "Blurred preview of the clip"}
			${ref(studio.attachPreview)}
		></canvas>`;
	}
	if (work) return html`${leader(work)}`;
	if (take) {
		return html`<video
			src=${take.videoUrl}
			poster=${take.posterUrl}
			aria-label=${take.clip.params.prompt}
			?autoplay=${!prefersReducedMotion()}
			loop
			muted
			playsinline
			controls
		></video>`;
	}
	return html`${leader(undefined)}
		<p class="dark-screen">The screen is dark. Describe something, and it will start to move.</p>`;
}

/** The counting-down frame at the head of a film. */
function leader(work: Work | undefined): TemplateResult {
	const sweep = 2 * Math.PI * (work?.fraction ?? 0);
	const [x, y] = [100 + 200 * Math.sin(sweep), 100 - 200 * Math.cos(sweep)];
	const wedge = `M100 100V-100A200 200 0 ${sweep > Math.PI ? 1 : 0} 1 ${x} ${y}Z`;
	return svg`
		<svg class="leader" viewBox="0 0 200 200" preserveAspectRatio="xMidYMid slice" aria-hidden="true">
			${work ? svg`<path class="wedge" d=${wedge} />` : null}
			<path d="M-200 100H400M100-200V400" />
			<circle cx="100" cy="100" r="62" />
			<circle cx="100" cy="100" r="70" />
			${work ? svg`<text x="100" y="100">${counter(work)}</text>` : null}
		</svg>
	`;
}

function counter({ timeLeft }: Work): string {
	if (timeLeft === undefined) return "";
	return timeLeft < 100 ? String(Math.ceil(timeLeft)) : `${Math.ceil(timeLeft / 60)}′`;
}
