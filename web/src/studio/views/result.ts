import { html, type TemplateResult } from "lit";
import type { Take } from "../state.js";
import type { Studio } from "../studio.js";
import { download, remove, reuse } from "./icons.js";

/** Under the finished clip: what made it, and what to do with it. */
export function resultFacts(studio: Studio, take: Take): TemplateResult {
	const { params } = take.clip;
	const enlarged =
		params.outputWidth === params.width
			? ""
			: `, enlarged to ${params.outputWidth} × ${params.outputHeight}`;
	const facts: [string, string][] = [
		["Seed", String(params.seed)],
		["Steps", String(params.steps)],
		["Guidance", params.guidance.toFixed(1)],
		["Picture", `${params.width} × ${params.height}${enlarged}`],
		["Length", `${params.seconds.toFixed(1)} s, ${params.frames} frames at ${params.fps} a second`],
		["Made in", duration(take.made)],
	];
	if (params.negativePrompt) facts.splice(3, 0, ["Without", params.negativePrompt]);
	return html`
		<div class="facts">
			<p class="caption">${params.prompt}</p>
			<dl>
				${facts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}
			</dl>
			<p class="result-actions">
				<a class="button primary" href=${take.videoUrl} download=${take.fileName}
					>${download} Download</a
				>
				<button type="button" @click=${() => studio.useSettings(params)}>
					${reuse} Use these settings
				</button>
				<button type="button" @click=${() => void studio.removeTake(take)}>${remove} Remove</button>
			</p>
		</div>
	`;
}

function duration(seconds: number): string {
	if (seconds < 90) return `${seconds.toFixed(1)} s`;
	return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}
