import {
	BufferTarget,
	Output,
	type OutputFormat,
	QUALITY_VERY_HIGH,
	VideoSample,
	VideoSampleSource,
} from "mediabunny";
import type { EngineFrame } from "../engine.js";
import { KinoraError } from "../errors.js";
import type { Clip, ClipParams, GenerateRequest } from "../worker/protocol.js";
import { metadataTags } from "./metadata.js";
import { Enlarger } from "./upscale.js";
import { chooseVideoFormat } from "./video-format.js";

/** @throws KinoraError `no-encoder` where the browser has no WebCodecs. */
export function requireVideoEncoder(): void {
	if (typeof VideoEncoder !== "undefined") return;
	throw new KinoraError(
		"no-encoder",
		"This browser cannot encode video (it has no WebCodecs). Use a current Chrome, Edge, Safari or Firefox.",
	);
}

type ClipOutput = Output<OutputFormat, BufferTarget>;

/** Turns decoded frames into a video file while later frames are still being decoded. */
export class ClipEncoder {
	readonly #params: ClipParams;
	readonly #enlarger: Enlarger;
	readonly #output: ClipOutput;
	readonly #source: VideoSampleSource;
	#poster: Promise<Blob> | undefined;
	#added: Promise<void> = Promise.resolve();

	private constructor(
		params: ClipParams,
		enlarger: Enlarger,
		output: ClipOutput,
		source: VideoSampleSource,
	) {
		this.#params = params;
		this.#enlarger = enlarger;
		this.#output = output;
		this.#source = source;
	}

	static async create(request: GenerateRequest): Promise<ClipEncoder> {
		const enlarger = new Enlarger(request.width, request.height);
		const { width: outputWidth, height: outputHeight } = enlarger.canvas;
		const params = { ...request, outputWidth, outputHeight };
		const { container, codec } = await chooseVideoFormat(outputWidth, outputHeight);
		const output = new Output({ format: container, target: new BufferTarget() });
		const source = new VideoSampleSource({ codec, quality: QUALITY_VERY_HIGH });
		output.addVideoTrack(source, { frameRate: request.fps });
		output.setMetadataTags(metadataTags(params));
		await output.start();
		return new ClipEncoder(params, enlarger, output, source);
	}

	/**
	 * Takes the next frame; the pixels are copied before this returns. It never throws, for the
	 * engine that calls it could do nothing about it: `finish` reports what went wrong.
	 */
	add(frame: EngineFrame): void {
		try {
			const sample = this.#draw(frame);
			this.#added = this.#added.then(() => this.#source.add(sample)).finally(() => sample.close());
		} catch (error) {
			this.#added = Promise.reject(error);
		}
		// Without this the failure would also count as unhandled.
		this.#added.catch(() => undefined);
	}

	async finish(): Promise<Clip> {
		await this.#added;
		await this.#output.finalize();
		const { buffer } = this.#output.target;
		if (!buffer || !this.#poster) {
			throw new KinoraError("internal", "The engine decoded no frames. Please try again.");
		}
		const mimeType = await this.#output.getMimeType();
		return {
			blob: new Blob([buffer], { type: mimeType }),
			mimeType,
			poster: await this.#poster,
			params: this.#params,
		};
	}

	async cancel(): Promise<void> {
		await this.#added.catch(() => undefined);
		await this.#output.cancel().catch(() => undefined);
	}

	#draw({ data, index }: EngineFrame): VideoSample {
		const { fps } = this.#params;
		const { canvas } = this.#enlarger;
		this.#enlarger.draw(data);
		this.#poster ??= canvas.convertToBlob({ type: "image/jpeg", quality: 0.92 });
		return new VideoSample(canvas, { timestamp: index / fps, duration: 1 / fps });
	}
}
