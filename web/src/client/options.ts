import { KinoraError } from "../errors.js";
import { defaultSize, type Manifest } from "../manifest.js";
import type { GenerateRequest, OnProgress } from "../worker/protocol.js";

/**
 * Longer prompts are refused: no model of this family reads so far.
 *
 * @example
 * promptField.maxLength = longestPrompt;
 */
export const longestPrompt = 2000;

/**
 * What `generate` takes. Everything but the prompt has the model's default.
 *
 * @example
 * const options = { prompt: "a blue boat on the sea at night", seconds: 2, seed: 7 };
 */
export interface GenerateOptions {
	/** What the clip should show; at most 2,000 characters. */
	prompt: string;
	/** What it should not show. Only with `guidance` above 1; else it is left out of the clip's `params`. */
	negativePrompt?: string;
	/** Width in the model's pixels; see `manifest.sizes`. */
	width?: number;
	/** Height in the model's pixels. */
	height?: number;
	/** Length of the clip; the nearest that the model makes at this frame rate is used. */
	seconds?: number;
	/** Frames a second: one of `manifest.frame_rates`, if the model has some, else 1 to 120. */
	fps?: number;
	/** Denoising steps, 1 to 1000. More take longer and are usually cleaner. */
	steps?: number;
	/** How closely to follow the prompt, 0 to 100; up to 1 there is no guidance. */
	guidance?: number;
	/** A whole number from 0 to 4294967295; the same seed and settings give the same clip. */
	seed?: number;
	/** Stops the work; `generate` then rejects with the code `cancelled`. */
	signal?: AbortSignal;
	onProgress?: OnProgress;
}

/** Checks the options against the model and fills in its defaults. */
export function resolveOptions(manifest: Manifest, options: GenerateOptions): GenerateRequest {
	const { sampler } = manifest;
	const size = defaultSize(manifest);
	const fps = frameRate(manifest, options.fps ?? manifest.fps);
	const guidance = inRange("guidance", options.guidance ?? sampler.guidance, 0, 100);
	const unwanted = options.negativePrompt ?? sampler.negative_prompt ?? "";
	const seconds = aboveZero("seconds", options.seconds ?? size.frames / fps);
	const frames = nearest(manifest.frames, seconds * fps);
	return {
		model: manifest.name,
		prompt: checkedPrompt(options.prompt),
		// Without guidance nothing reads it, however long it is.
		negativePrompt: guidance > 1 ? checkedLength("The negative prompt", unwanted) : "",
		width: wholeInRange("width", options.width ?? size.width, 8, 4096),
		height: wholeInRange("height", options.height ?? size.height, 8, 4096),
		frames,
		fps,
		seconds: frames / fps,
		steps: wholeInRange("steps", options.steps ?? sampler.steps, 1, 1000),
		guidance,
		shift: sampler.shift,
		sampler: sampler.name,
		seed: wholeInRange("seed", options.seed ?? randomSeed(), 0, 0xffff_ffff),
	};
}

/**
 * A seed nobody has to think up.
 *
 * @example
 * const seed = randomSeed();
 */
export function randomSeed(): number {
	return crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
}

/** @throws KinoraError `empty-prompt` or `prompt-too-long`. */
function checkedPrompt(prompt: string): string {
	// An element may have lost its attribute, and a script that is not type-checked may forget it.
	const trimmed = String(prompt ?? "").trim();
	if (!trimmed) {
		throw new KinoraError("empty-prompt", "The prompt is empty. Write what the clip should show.");
	}
	return checkedLength("The prompt", trimmed);
}

function checkedLength(what: string, text: string): string {
	const excess = excessOf(text);
	if (!excess) return text;
	throw new KinoraError(
		"prompt-too-long",
		`${what} has ${excess}. Shorten it to what matters most.`,
	);
}

/** How a prompt is too long, in words; undefined when it is not. */
export function excessOf(prompt: string): string | undefined {
	if (prompt.length <= longestPrompt) return undefined;
	return `${prompt.length.toLocaleString("en")} characters, and ${longestPrompt.toLocaleString("en")} are the most`;
}

function frameRate({ frame_rates = [] }: Manifest, fps: number): number {
	if (!frame_rates.length) return inRange("fps", fps, 1, 120);
	if (frame_rates.includes(fps)) return fps;
	throw new KinoraError(
		"bad-input",
		`"fps" is ${fps}; this model makes clips of ${frame_rates.join(", ")} frames a second.`,
	);
}

function nearest(values: number[], wanted: number): number {
	return values.reduce((best, value) =>
		Math.abs(value - wanted) < Math.abs(best - wanted) ? value : best,
	);
}

function aboveZero(name: string, value: number): number {
	if (Number.isFinite(value) && value > 0) return value;
	throw new KinoraError("bad-input", `"${name}" is ${value}; it must be a number above 0.`);
}

function inRange(name: string, value: number, least: number, most: number): number {
	if (value >= least && value <= most) return value;
	throw new KinoraError("bad-input", `"${name}" is ${value}; it must be from ${least} to ${most}.`);
}

function wholeInRange(name: string, value: number, least: number, most: number): number {
	if (Number.isInteger(value)) return inRange(name, value, least, most);
	throw new KinoraError("bad-input", `"${name}" is ${value}; it must be a whole number.`);
}
