import type { AdapterInfo, ClipSize } from "../engine.js";
import { cancelled, KinoraError } from "../errors.js";
import { defaultSize, type Manifest, type ModelLocation, modelBytes } from "../manifest.js";
import type { Clip, GenerateRequest, OnProgress } from "../worker/protocol.js";
import { askToPersist } from "./ask-to-persist.js";
import { Connection } from "./connection.js";
import { fetchManifest, manifestUrl } from "./fetch-manifest.js";
import { listener } from "./listener.js";
import { defaultModelUrl, wasmUrl } from "./locations.js";
import { type GenerateOptions, resolveOptions } from "./options.js";
import { checkSupport } from "./support.js";
import { UnfinishedLatent } from "./unfinished-latent.js";

/**
 * What `Kinora.load` takes.
 *
 * @example
 * const size = { width: 256, height: 144, frames: 24 };
 * const kinora = await Kinora.load({ size, signal: AbortSignal.timeout(60_000) });
 */
export interface LoadOptions {
	/** Address of a `model.json` or of its folder, or what `fetchManifest` gave; left out, the model that comes along. */
	model?: string | URL | ModelLocation;
	/** The clip size to check against this device before anything large is downloaded. */
	size?: ClipSize;
	/** Stops loading; what was downloaded is kept for the next time. */
	signal?: AbortSignal;
	onProgress?: OnProgress;
}

/** From this size on, the browser is asked not to throw the model away when the disk fills up. */
const worthPersisting = 64 * 2 ** 20;

/**
 * A loaded model, ready to make clips.
 *
 * @example
 * const kinora = await Kinora.load();
 * const clip = await kinora.generate({ prompt: "a red ball bouncing over the meadow at sunset" });
 * document.querySelector("video").src = URL.createObjectURL(clip.blob);
 */
export class Kinora {
	/**
	 * What the model is and can do.
	 *
	 * @example
	 * const { sizes, frames, frame_rates } = kinora.manifest;
	 */
	readonly manifest: Manifest;
	readonly #model: ModelLocation;
	#connection: Connection | undefined;
	#adapter: AdapterInfo | undefined;
	readonly #unfinished: UnfinishedLatent;
	#queue: Promise<unknown> = Promise.resolve();
	/** What is being made or waits for its turn. */
	readonly #queued = new Set<GenerateRequest>();
	#unloaded = false;

	private constructor(model: ModelLocation) {
		this.#model = model;
		this.manifest = model.manifest;
		this.#unfinished = new UnfinishedLatent(model);
	}

	/**
	 * Downloads a model (or finds it stored), and puts it onto the GPU.
	 *
	 * @throws KinoraError, among others `no-webgpu`, `network`, `bad-model`, `does-not-fit`, `cancelled`.
	 * @example
	 * const kinora = await Kinora.load({
	 *   model: "https://example.org/models/nano/",
	 *   onProgress: ({ phase, done, total }) => console.log(phase, done / total),
	 * });
	 */
	static async load(options: LoadOptions = {}): Promise<Kinora> {
		const { signal, onProgress } = options;
		const problem = await checkSupport();
		if (problem) throw problem;
		try {
			const wanted = options.model ?? defaultModelUrl;
			const isFetched = typeof wanted === "object" && "manifest" in wanted;
			const model = isFetched ? wanted : await fetchManifest(wanted, signal);
			if (modelBytes(model.manifest) >= worthPersisting) askToPersist();
			const kinora = new Kinora(model);
			await kinora.#connect(options.size ?? defaultSize(model.manifest), signal, onProgress);
			return kinora;
		} catch (error) {
			throw KinoraError.from(error);
		}
	}

	/**
	 * Deletes the stored files of a model, also those of a download that was broken off, but for files that another
	 * stored model has too. The next `load` downloads them again.
	 *
	 * @param model As in `load`.
	 * @throws KinoraError `storage` while the model is loaded, in this tab or in another one: `unload` it first.
	 * @example
	 * kinora.unload();
	 * await Kinora.forget("https://example.org/models/nano/");
	 */
	static async forget(model: string | URL | ModelLocation = defaultModelUrl): Promise<void> {
		const connection = new Connection();
		try {
			const isFetched = typeof model === "object" && "manifest" in model;
			const url = isFetched ? model.url : manifestUrl(model);
			await connection.call((api) => api.forget(url));
		} catch (error) {
			throw KinoraError.from(error);
		} finally {
			connection.close();
		}
	}

	/**
	 * The graphics adapter in use.
	 *
	 * @example
	 * if (kinora.adapter?.software) showMessage("There is no graphics processor here: this takes a while.");
	 */
	get adapter(): AdapterInfo | undefined {
		return this.#adapter;
	}

	/**
	 * Makes a clip. Calls run one after the other.
	 *
	 * @throws KinoraError, among others `empty-prompt`, `does-not-fit`, `cancelled`, `device-lost`.
	 * After a lost device or a crash the next call starts a new engine by itself.
	 * @example
	 * const stop = new AbortController();
	 * const { blob, mimeType, poster, params } = await kinora.generate({
	 *   prompt: "a blue boat on the sea at night",
	 *   seconds: 2, steps: 12, seed: 7,
	 *   signal: stop.signal,
	 *   onProgress: ({ phase, done, total }) => console.log(phase, done, total),
	 * });
	 */
	async generate(options: GenerateOptions): Promise<Clip> {
		const request = resolveOptions(this.manifest, options);
		const { signal, onProgress } = options;
		if (signal?.aborted) throw cancelled();
		if (this.#queued.size > 0) listener(onProgress)({ phase: "wait", done: 0, total: 1 });
		this.#queued.add(request);
		let waiting = true;
		const turn = this.#queue
			.then(() => {
				waiting = false;
				return this.#generate(request, signal, onProgress);
			})
			.finally(() => this.#queued.delete(request));
		this.#queue = turn.catch(() => undefined);
		const left = new Promise<never>((_, reject) => {
			const leave = () => {
				if (!waiting) return;
				this.#queued.delete(request);
				reject(cancelled());
			};
			signal?.addEventListener("abort", leave, { once: true });
		});
		return Promise.race([turn, left]);
	}

	/**
	 * Ends the Worker and frees the GPU. The stored model files stay; clips that are being made are rejected with `cancelled`.
	 *
	 * @example
	 * kinora.unload();
	 */
	unload(): void {
		this.#unloaded = true;
		this.#connection?.close();
		this.#connection = undefined;
	}

	async #generate(
		request: GenerateRequest,
		signal: AbortSignal | undefined,
		onProgress: OnProgress | undefined,
	): Promise<Clip> {
		const wasOpen = this.#connection?.open;
		let begun = false;
		const report: OnProgress = (progress) => {
			begun ||= progress.phase === "decode" || (progress.phase === "denoise" && progress.done > 0);
			onProgress?.(progress);
		};
		try {
			return await this.#make(request, signal, report);
		} catch (error) {
			// A device that was lost while nobody used it, as on a laptop that slept, is noticed only now. Should it be
			// the clip that takes it away, it does so again and is reported.
			const mayHaveBeenLost = wasOpen && !begun && KinoraError.from(error).code === "device-lost";
			if (!mayHaveBeenLost) throw error;
			return this.#make(request, signal, report);
		}
	}

	async #make(
		request: GenerateRequest,
		signal: AbortSignal | undefined,
		onProgress: OnProgress,
	): Promise<Clip> {
		if (this.#unloaded)
			throw new KinoraError("bad-input", "This model was unloaded. Load it again.");
		if (signal?.aborted) throw cancelled();
		const connection = await this.#connect(request, signal, onProgress);
		const latent = await this.#unfinished.find(request);
		const keep = listener((latent: Float32Array) => this.#unfinished.keep(request, latent));
		const clip = await connection.callCancellable(
			(api) => api.generate(request, latent, listener(onProgress), keep),
			signal,
		);
		await this.#unfinished.forget();
		return clip;
	}

	/** The open connection, or a new one with the model loaded. */
	async #connect(
		size: ClipSize,
		signal: AbortSignal | undefined,
		onProgress: OnProgress | undefined,
	): Promise<Connection> {
		if (this.#connection?.open) return this.#connection;
		const connection = new Connection();
		// Known at once, for unload() to end it also while it loads.
		this.#connection = connection;
		const { width, height, frames } = size;
		const request = { wasmUrl, model: this.#model, size: { width, height, frames } };
		try {
			const { adapter } = await connection.callEnding(
				(api) => api.load(request, listener(onProgress)),
				signal,
			);
			this.#adapter = adapter;
		} catch (error) {
			connection.close();
			throw error;
		}
		return connection;
	}
}
