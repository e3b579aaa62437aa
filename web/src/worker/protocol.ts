/** What the page and the Worker say to each other. Types only: both sides import this. */

import type { AdapterInfo, ClipSize, OpRow } from "../engine.js";
import type { KinoraErrorCode } from "../errors.js";
import type { ModelLocation } from "../manifest.js";

/**
 * The stages of making a clip, in order. `load` puts the weights onto the GPU; in `wait`, other clips of the
 * same model have their turn.
 */
export type Phase =
	| "device"
	| "download"
	| "load"
	| "compile"
	| "wait"
	| "text"
	| "denoise"
	| "decode"
	| "encode";

/** A small, blurred animation of the clip as it takes shape. */
export interface Preview {
	width: number;
	height: number;
	frames: ImageData[];
}

/** One report of progress. */
export interface KinoraProgress {
	phase: Phase;
	/** Bytes in `download`, else steps, frames or parts. */
	done: number;
	total: number;
	/** In `denoise`, at most twice a second. */
	preview?: Preview;
	/** A sentence for people about something unusual, such as a full disk. */
	notice?: string;
}

/** Everything that decides what a clip looks like, plus the size of the file's picture. */
export interface ClipParams extends ClipSize {
	model: string;
	prompt: string;
	negativePrompt: string;
	/** Frames a second of the file. */
	fps: number;
	/** Length of the clip: frames / fps. */
	seconds: number;
	steps: number;
	guidance: number;
	shift: number;
	sampler: string;
	seed: number;
	/** The picture in the file: small clips are enlarged by a whole number. */
	outputWidth: number;
	outputHeight: number;
}

/** A finished clip. */
export interface Clip {
	/** The video file. */
	blob: Blob;
	/** Its type with codec, such as `video/mp4; codecs="avc1.640028"`. */
	mimeType: string;
	/** The first frame as a JPEG. */
	poster: Blob;
	/** The settings that make this clip again. */
	params: ClipParams;
}

export interface LoadRequest {
	wasmUrl: string;
	model: ModelLocation;
	size: ClipSize;
}

export interface Loaded {
	adapter: AdapterInfo;
}

export type GenerateRequest = Omit<ClipParams, "outputWidth" | "outputHeight">;

/** An error in a form that survives `postMessage` with its code. */
export interface WorkerFailure {
	code: KinoraErrorCode;
	message: string;
	suggestion?: ClipSize;
}

/** A result or an error; Comlink alone would lose the code of an error. */
export type Outcome<T> = { ok: true; value: T } | { ok: false; failure: WorkerFailure };

export type OnProgress = (progress: KinoraProgress) => void;

/** What the Worker can be asked to do. */
export interface WorkerApi {
	load(request: LoadRequest, onProgress: OnProgress): Promise<Outcome<Loaded>>;
	/** @param latent What `onLatent` heard when this very request was denoised before. */
	generate(
		request: GenerateRequest,
		latent: Float32Array | undefined,
		onProgress: OnProgress,
		onLatent: (latent: Float32Array) => void,
	): Promise<Outcome<Clip>>;
	/** Asks the running `generate` to stop; it then rejects with `cancelled`. */
	cancel(): void;
	/** @param url Address of the description of the model whose stored files are to be deleted. */
	forget(url: string): Promise<Outcome<void>>;
	ops(
		wasmUrl: string,
		filter: string | undefined,
		onRow: (row: OpRow) => void,
	): Promise<Outcome<OpRow[]>>;
}

/** Posted beside Comlink's messages when the Worker cannot go on. */
export interface FatalMessage {
	kinoraFatal: string;
}
