/** The interface of the wasm engine, as `crate/src/wasm.rs` exports it. */

import type { Manifest } from "./manifest.js";

/** A file that the engine reads by byte range, so that it is never whole in wasm memory. */
export interface ByteSource {
	readonly size: number;
	read(offset: number, length: number): Promise<Uint8Array>;
}

/** The size of a clip in the model's pixels, and its number of frames. */
export interface ClipSize {
	width: number;
	height: number;
	frames: number;
}

/** What the engine found out about the graphics adapter it runs on. */
export interface AdapterInfo {
	name: string;
	backend: string;
	/** True for a CPU rasteriser such as SwiftShader: correct, but very slow. */
	software: boolean;
	maxBufferSize: number;
	maxStorageBufferBindingSize: number;
}

/** The GPU memory that a clip of some size needs, against what the adapter can give. */
export interface MemoryPlan {
	bytes: number;
	budget: number;
	/** Of the clip's largest tensor, and what the device allows to one. */
	tensorBytes: number;
	tensorBudget: number;
	fits: boolean;
	/** The largest of the model's sizes that fits, when this one does not. */
	suggestion?: ClipSize;
}

export interface EngineProgress<Phase extends string> {
	phase: Phase;
	done: number;
	total: number;
}

export interface EngineGenerateOptions extends ClipSize {
	prompt: string;
	negativePrompt: string;
	fps: number;
	steps: number;
	guidance: number;
	shift: number;
	sampler: string;
	seed: number;
}

/** A decoded frame; `data` is RGBA, row by row. */
export interface EngineFrame {
	index: number;
	width: number;
	height: number;
	data: Uint8Array;
}

/** A small animation made from the latent; each frame is RGBA. */
export interface EnginePreview {
	width: number;
	height: number;
	frames: Uint8Array[];
}

export interface EngineEvents {
	onProgress(progress: EngineProgress<"text" | "denoise" | "decode">): void;
	onPreview(preview: EnginePreview): void;
	onLatent(latent: Float32Array): void;
	onFrame(frame: EngineFrame): void;
}

/** One line of the op table: the worst error and the speed of a kernel variant at a shape. */
export interface OpRow {
	op: string;
	variant: string;
	shape: string;
	error: number;
	bound: number;
	ok: boolean;
	milliseconds: number;
	/** Null for an op that does no arithmetic worth counting. */
	gflops: number | null;
}

export interface CancelToken {
	cancel(): void;
}

export interface Engine {
	adapter(): AdapterInfo;
	plan(manifest: Manifest, size: ClipSize): MemoryPlan;
	load(
		manifest: Manifest,
		files: Record<string, ByteSource>,
		onProgress: (progress: EngineProgress<"load" | "compile">) => void,
	): Promise<void>;
	/** From `latent`, where the same clip was denoised before. */
	generate(
		options: EngineGenerateOptions,
		latent: Float32Array | undefined,
		events: EngineEvents,
		cancel: CancelToken,
	): Promise<void>;
	ops(filter?: string, onRow?: (row: OpRow) => void): Promise<OpRow[]>;
	unload(): void;
}

/** The generated module itself. */
export interface EngineModule {
	default(options: { module_or_path: Response }): Promise<unknown>;
	Engine: { create(): Promise<Engine> };
	CancelToken: new () => CancelToken;
}
