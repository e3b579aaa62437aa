import * as Comlink from "comlink";
import { ClipEncoder, requireVideoEncoder } from "../encode/clip-encoder.js";
import type {
	AdapterInfo,
	CancelToken,
	ClipSize,
	Engine,
	EngineEvents,
	EngineGenerateOptions,
	EnginePreview,
	MemoryPlan,
	OpRow,
} from "../engine.js";
import { KinoraError, type KinoraErrorCode } from "../errors.js";
import type { Manifest } from "../manifest.js";
import { forgetDamagedFiles, openModelFiles } from "../storage/model-files.js";
import { PrivateFolder } from "../storage/private-folder.js";
import { checkConnection, reloadPage, whatToCheck } from "../what-to-check.js";
import { engineModule } from "./engine-module.js";
import type {
	Clip,
	GenerateRequest,
	Loaded,
	LoadRequest,
	OnProgress,
	Outcome,
	Preview,
	WorkerApi,
} from "./protocol.js";
import { Throttle } from "./throttle.js";

/** The Worker's side of the protocol: one engine, one model, one job at a time. */
export class Session implements WorkerApi {
	#engine: Engine | undefined;
	#manifest: Manifest | undefined;
	#cancel: CancelToken | undefined;
	/** Hears how weights get onto the GPU: those of a large model come and go with every clip. */
	#report: Throttle | undefined;

	load(request: LoadRequest, onProgress: OnProgress): Promise<Outcome<Loaded>> {
		return settle(async () => {
			const { manifest } = request.model;
			requireVideoEncoder();
			onProgress({ phase: "device", done: 0, total: 1 });
			const engine = await this.#start(request.wasmUrl);
			requireFit(engine, manifest, request.size);
			onProgress({ phase: "device", done: 1, total: 1, ...warning(engine.adapter()) });
			const files = await openModelFiles(request.model, onProgress);
			const report = new Throttle(onProgress);
			this.#report = report;
			await reading(manifest, () =>
				engine.load(manifest, files, (progress) => this.#report?.send(progress)),
			);
			report.flush();
			this.#manifest = manifest;
			return { adapter: await named(engine.adapter()) };
		});
	}

	generate(
		request: GenerateRequest,
		latent: Float32Array | undefined,
		onProgress: OnProgress,
		onLatent: (latent: Float32Array) => void,
	): Promise<Outcome<Clip>> {
		return settle(async () => {
			const { engine, manifest } = this.#loaded();
			requireFit(engine, manifest, request);
			this.#cancel = new engineModule.CancelToken();
			const encoder = await ClipEncoder.create(request);
			const report = new Throttle(onProgress);
			this.#report = report;
			let preview: Preview | undefined;
			try {
				const cancel = this.#cancel;
				const events: EngineEvents = {
					onProgress: (progress) =>
						report.send(
							preview && progress.phase === "denoise" ? { ...progress, preview } : progress,
						),
					onPreview: (latest) => {
						preview = toPreview(latest);
					},
					onLatent,
					onFrame: (frame) => encoder.add(frame),
				};
				await reading(manifest, () =>
					engine.generate(engineOptions(request), latent, events, cancel),
				);
				report.flush();
				onProgress({ phase: "encode", done: 0, total: 1 });
				const clip = await encoder.finish();
				onProgress({ phase: "encode", done: 1, total: 1 });
				return clip;
			} catch (error) {
				await encoder.cancel();
				throw error;
			} finally {
				this.#cancel = undefined;
			}
		});
	}

	cancel(): void {
		this.#cancel?.cancel();
	}

	forget(url: string): Promise<Outcome<void>> {
		return settle(async () => (await PrivateFolder.open())?.forget(url));
	}

	ops(
		wasmUrl: string,
		filter: string | undefined,
		onRow: (row: OpRow) => void,
	): Promise<Outcome<OpRow[]>> {
		return settle(async () => (await this.#start(wasmUrl)).ops(filter, onRow));
	}

	async #start(wasmUrl: string): Promise<Engine> {
		if (!this.#engine) {
			await startEngine(wasmUrl);
			this.#engine = await engineModule.Engine.create();
		}
		return this.#engine;
	}

	#loaded(): { engine: Engine; manifest: Manifest } {
		if (!this.#engine || !this.#manifest) {
			throw new KinoraError("internal", "A clip was asked for before a model was loaded.");
		}
		return { engine: this.#engine, manifest: this.#manifest };
	}
}

/** Runs a job that reads the model's files; what of them is damaged is downloaded again the next time. */
async function reading<T>(manifest: Manifest, job: () => Promise<T>): Promise<T> {
	try {
		return await job();
	} catch (error) {
		if (!mayBeDamage(KinoraError.from(error).code)) throw error;
		if (!(await forgetDamagedFiles(manifest))) throw error;
		throw new KinoraError(
			"storage",
			"A stored file of the model was damaged. Try again: it is downloaded anew.",
		);
	}
}

/** Whether changed bytes of a model may be the reason: weights that are no numbers end in `internal`. */
function mayBeDamage(code: KinoraErrorCode): boolean {
	return ["bad-model", "storage", "internal"].includes(code);
}

async function startEngine(url: string): Promise<void> {
	const fail = (why: unknown, advice: string): never => {
		throw new KinoraError(
			"network",
			`The engine ${url} could not be downloaded (${why}). ${advice}`,
		);
	};
	const response = await fetch(url).catch((error) => fail(error, whatToCheck(url)));
	if (response.status >= 500) fail(`HTTP ${response.status}`, "Try again later.");
	if (!response.ok) fail(`HTTP ${response.status}`, reloadPage);
	if (response.headers.get("content-type")?.startsWith("text/html")) fail("a web page", reloadPage);
	await engineModule.default({ module_or_path: response }).catch((error) => {
		// This is how a body ends that breaks off; one that is no module fails otherwise.
		if (error instanceof TypeError) fail(error, checkConnection);
		throw error;
	});
}

/** Said before anything large is downloaded. */
function warning({ software }: AdapterInfo): { notice?: string } {
	if (!software) return {};
	return {
		notice:
			"No graphics processor is in use here, so a clip takes long. Turn on hardware acceleration in the browser's settings, if this device has one.",
	};
}

/** With a name also where the browser describes the adapter by its maker and family only, as Chromium does. */
async function named(adapter: AdapterInfo): Promise<AdapterInfo> {
	if (adapter.name) return adapter;
	const same = await navigator.gpu.requestAdapter({ powerPreference: "high-performance" });
	const { vendor = "", architecture = "" } = same?.info ?? {};
	return { ...adapter, name: `${vendor} ${architecture}`.trim() };
}

async function settle<T>(job: () => Promise<T>): Promise<Outcome<T>> {
	try {
		return { ok: true, value: await job() };
	} catch (error) {
		const { code, message, suggestion } = KinoraError.from(error);
		return { ok: false, failure: { code, message, ...(suggestion && { suggestion }) } };
	}
}

/** What of a request the engine knows; the rest is for the file. */
function engineOptions(request: GenerateRequest): EngineGenerateOptions {
	const { prompt, negativePrompt, width, height, frames, fps } = request;
	const { steps, guidance, shift, sampler, seed } = request;
	return {
		prompt,
		negativePrompt,
		width,
		height,
		frames,
		fps,
		steps,
		guidance,
		shift,
		sampler,
		seed,
	};
}

function requireFit(engine: Engine, manifest: Manifest, size: ClipSize): void {
	const { width, height, frames } = size;
	const plan = engine.plan(manifest, { width, height, frames });
	if (plan.fits) return;
	const need = `A clip of ${width} × ${height} with ${frames} frames needs ${shortage(plan)}.`;
	const { suggestion } = plan;
	const advice = suggestion
		? `${suggestion.width} × ${suggestion.height} with ${suggestion.frames} frames would fit.`
		: "Choose a smaller model, or use a device with more graphics memory.";
	throw new KinoraError("does-not-fit", `${need} ${advice}`, suggestion);
}

/** What a clip needs that a device has too little of. */
function shortage({ bytes, budget, tensorBytes, tensorBudget }: MemoryPlan): string {
	// What is needed is rounded up and what there is down, so that they never look the same.
	const needed = (size: number) => mebibytes(Math.ceil(size / 2 ** 20));
	const offered = (size: number) => mebibytes(Math.floor(size / 2 ** 20));
	return bytes > budget
		? `${needed(bytes)} of graphics memory; this device offers ${offered(budget)}`
		: `${needed(tensorBytes)} of graphics memory in one piece; this device allows ${offered(tensorBudget)}`;
}

function mebibytes(count: number): string {
	return `${count.toLocaleString("en")} MiB`;
}

function toPreview({ width, height, frames }: EnginePreview): Preview {
	return {
		width,
		height,
		frames: frames.map((rgba) => new ImageData(new Uint8ClampedArray(rgba), width, height)),
	};
}

/** Starts answering the page. */
export function serve(): void {
	Comlink.expose(new Session());
}
