import { html, type TemplateResult } from "lit";
import { live } from "lit/directives/live.js";
import { randomSeed } from "../../client/options.js";
import type { Studio } from "../studio.js";
import { dice, lockClosed, lockOpen } from "./icons.js";

/** Every control besides the prompt, made from what the model can do. */
export function settingsPanel(studio: Studio): TemplateResult {
	return html`
		<div class="settings">
			${shape(studio)} ${length(studio)} ${frameRate(studio)} ${seed(studio)}
			<details>
				<summary>Fine controls</summary>
				<div class="fine">${steps(studio)} ${guidance(studio)} ${negativePrompt(studio)}</div>
			</details>
		</div>
	`;
}

function shape(studio: Studio): TemplateResult {
	const { manifest, settings } = studio.state;
	return html`
		<fieldset class="choices shapes">
			<legend>Shape</legend>
			${manifest.sizes.map((size, index) => {
				const scale = 22 / Math.max(size.width, size.height);
				return html`
					<label title="${size.width} × ${size.height}">
						<input
							type="radio"
							name="shape"
							.checked=${live(index === settings.size)}
							@change=${() => studio.set({ size: index })}
						/>
						<svg class="frame" viewBox="0 0 26 26" aria-hidden="true">
							<rect
								x=${13 - (size.width * scale) / 2}
								y=${13 - (size.height * scale) / 2}
								width=${size.width * scale}
								height=${size.height * scale}
								rx="1.5"
							/>
						</svg>
						${size.label}
					</label>
				`;
			})}
		</fieldset>
	`;
}

function length(studio: Studio): TemplateResult {
	const { manifest, settings } = studio.state;
	return html`
		<fieldset class="choices">
			<legend>Length</legend>
			${manifest.frames
				.toSorted((a, b) => a - b)
				.map(
					(frames) => html`
					<label title="${frames} frames">
						<input
							type="radio"
							name="length"
							.checked=${live(frames === settings.frames)}
							@change=${() => studio.set({ frames })}
						/>
						${(frames / settings.fps).toFixed(1)} s
					</label>
				`,
				)}
		</fieldset>
	`;
}

/** Only where the model makes clips of several rates. */
function frameRate(studio: Studio): TemplateResult | null {
	const { manifest, settings } = studio.state;
	const rates = manifest.frame_rates ?? [];
	if (rates.length < 2) return null;
	return html`
		<fieldset class="choices">
			<legend>Frames a second</legend>
			${rates.map(
				(fps) => html`
					<label>
						<input
							type="radio"
							name="frame-rate"
							.checked=${live(fps === settings.fps)}
							@change=${() => studio.set({ fps })}
						/>
						${fps}
					</label>
				`,
			)}
		</fieldset>
	`;
}

function seed(studio: Studio): TemplateResult {
	const { seed, seedLocked } = studio.state.settings;
	return html`
		<div class="seed">
			<label for="seed">Seed</label>
			<div class="joined">
				<input
					id="seed"
					type="number"
					min="0"
					max="4294967295"
					step="1"
					.value=${live(String(seed))}
					@change=${(event: Event) =>
						studio.set({
							seed: (event.target as HTMLInputElement).valueAsNumber,
							seedLocked: true,
						})}
				/>
				<button
					type="button"
					aria-pressed=${seedLocked}
					aria-label="Keep this seed"
					title=${seedLocked ? "This seed is used again" : "Every clip gets a new seed"}
					@click=${() => studio.set({ seedLocked: !seedLocked })}
				>
					${seedLocked ? lockClosed : lockOpen}
				</button>
				<button
					type="button"
					aria-label="New random seed"
					title="New random seed"
					@click=${() => studio.set({ seed: randomSeed(), seedLocked: true })}
				>
					${dice}
				</button>
			</div>
		</div>
	`;
}

function steps(studio: Studio): TemplateResult {
	const { manifest, settings } = studio.state;
	const most = Math.max(50, 2 * manifest.sampler.steps);
	return slider({
		id: "steps",
		label: "Steps",
		help: "More steps are cleaner and take longer.",
		least: 1,
		most,
		step: 1,
		value: settings.steps,
		shown: String(settings.steps),
		change: (steps) => studio.set({ steps }),
	});
}

function guidance(studio: Studio): TemplateResult {
	const { manifest, settings } = studio.state;
	return slider({
		id: "guidance",
		label: "Guidance",
		help: "How closely to follow the prompt; 1 follows it freely and takes half the time.",
		least: 1,
		most: Math.max(10, 2 * manifest.sampler.guidance),
		step: 0.1,
		value: settings.guidance,
		shown: settings.guidance.toFixed(1),
		change: (guidance) => studio.set({ guidance }),
	});
}

interface Slider {
	id: string;
	label: string;
	help: string;
	least: number;
	most: number;
	step: number;
	value: number;
	shown: string;
	change: (value: number) => void;
}

function slider(options: Slider): TemplateResult {
	return html`
		<div class="slider">
			<label for=${options.id}>${options.label}</label>
			<output for=${options.id}>${options.shown}</output>
			<input
				id=${options.id}
				type="range"
				min=${options.least}
				max=${options.most}
				step=${options.step}
				aria-describedby="${options.id}-help"
				.value=${live(String(options.value))}
				@input=${(event: Event) => options.change((event.target as HTMLInputElement).valueAsNumber)}
			/>
			<p id="${options.id}-help" class="help">${options.help}</p>
		</div>
	`;
}

function negativePrompt(studio: Studio): TemplateResult {
	const { negativePrompt, guidance } = studio.state.settings;
	return html`
		<div class="negative">
			<label for="negative-prompt">Negative prompt</label>
			<textarea
				id="negative-prompt"
				rows="2"
				aria-describedby="negative-help"
				.value=${live(negativePrompt)}
				@input=${(event: Event) =>
					studio.set({ negativePrompt: (event.target as HTMLTextAreaElement).value })}
			></textarea>
			<p id="negative-help" class="help">
				${guidance > 1 ? "What the clip should not show." : "Has no effect while guidance is 1."}
			</p>
		</div>
	`;
}
