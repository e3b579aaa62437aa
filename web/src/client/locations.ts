import wasm from "../wasm/kinora_bg.wasm?url";
import worker from "../worker/kinora-worker.ts?worker&url";

/** Where the built Worker script is. */
export const workerUrl = new URL(worker, import.meta.url).href;

/** Where the engine's wasm is. */
export const wasmUrl = new URL(wasm, import.meta.url).href;

/**
 * The model that is served beside this script. Written so that bundlers do not take its
 * description for an asset and part it from its files.
 */
export const defaultModelUrl = import.meta.env.DEV
	? new URL("/models/nano/model.json", location.origin).href
	: new URL("./models/nano/model.json", new URL(import.meta.url)).href;
