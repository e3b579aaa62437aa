/** `model.json`: what a model is made of and what it can do. */

import type { ClipSize } from "./engine.js";
import { KinoraError } from "./errors.js";

/** One file of a model. */
export interface ModelFile {
	role: "text" | "tokenizer" | "dit" | "vae";
	/** Relative to `model.json`. */
	path: string;
	bytes: number;
	/** Lower-case hexadecimal. */
	sha256: string;
}

/** The parsed `model.json`. Fields that only the engine reads are left out. */
export interface Manifest {
	format: "kinora-model/1";
	name: string;
	title: string;
	description: string;
	license: string;
	files: ModelFile[];
	sampler: {
		name: string;
		steps: number;
		guidance: number;
		shift: number;
		negative_prompt: string;
	};
	/** Picture sizes the model was trained for; the first is the default. */
	sizes: { label: string; width: number; height: number }[];
	/** Clip lengths the model was trained for, in frames; the first is the default. */
	frames: number[];
	/** Frames a second, the default. */
	fps: number;
	/** Frame rates the model was trained for; without them, a clip may play at any rate. */
	frame_rates?: number[];
	/** Content words in groups, to show to people. */
	vocabulary: { label: string; words: string[] }[];
	/** Every word of the training captions, lower case or Chinese; empty for an open vocabulary. */
	known_words: string[];
	examples: string[];
}

/** A manifest with the address it came from, which its files are relative to. */
export interface ModelLocation {
	manifest: Manifest;
	url: string;
}

/** The size of a clip when the caller names none. */
export function defaultSize(manifest: Manifest): ClipSize {
	const size = manifest.sizes[0];
	const frames = manifest.frames[0];
	if (!size || !frames) throw new KinoraError("bad-model", "The model names no clip size.");
	return { width: size.width, height: size.height, frames };
}

/** Bytes to download for the whole model. */
export function modelBytes(manifest: Manifest): number {
	return manifest.files.reduce((sum, file) => sum + file.bytes, 0);
}

/** Checks that a JSON value has the fields that this package relies on. */
export function parseManifest(value: unknown, url: string): Manifest {
	const manifest = value as Manifest;
	const problem = firstProblem(manifest);
	if (problem) {
		throw new KinoraError(
			"bad-model",
			`${url} is not a Kinora model description: ${problem}. Check the address, or export the model again.`,
		);
	}
	return manifest;
}

function firstProblem(manifest: Partial<Manifest> | undefined): string | undefined {
	if (typeof manifest !== "object" || manifest === null) return "it is not JSON";
	if (manifest.format !== "kinora-model/1") return '"format" is not "kinora-model/1"';
	if (!manifest.name || !manifest.title) return '"name" or "title" is missing';
	if (!Array.isArray(manifest.files) || !manifest.files.every(isModelFile)) {
		return '"files" has an entry without path, size or SHA-256';
	}
	if (!isPositive(manifest.sampler?.steps) || !isNumber(manifest.sampler?.guidance)) {
		return '"sampler" has no steps or guidance';
	}
	const sizes = manifest.sizes ?? [];
	if (!sizes.length || !sizes.every((size) => isPositive(size.width) && isPositive(size.height))) {
		return '"sizes" is empty or has a size without width and height';
	}
	if (!manifest.frames?.length || !manifest.frames.every(isPositive)) return '"frames" is empty';
	if (!isPositive(manifest.fps)) return '"fps" is missing';
	const rates = manifest.frame_rates ?? [];
	if (!Array.isArray(rates) || !rates.every(isPositive))
		return '"frame_rates" is no list of numbers';
	for (const name of ["vocabulary", "known_words", "examples"] as const) {
		if (!Array.isArray(manifest[name])) return `"${name}" is not a list`;
	}
	return undefined;
}

function isModelFile(file: Partial<ModelFile>): boolean {
	return (
		typeof file.path === "string" &&
		isPositive(file.bytes) &&
		/^[0-9a-f]{64}$/.test(file.sha256 ?? "")
	);
}

function isPositive(value: unknown): boolean {
	return isNumber(value) && (value as number) > 0;
}

function isNumber(value: unknown): boolean {
	return typeof value === "number" && Number.isFinite(value);
}
