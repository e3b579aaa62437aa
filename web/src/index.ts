/** The npm package's main entry: text to video in a browser tab. */

export { fetchManifest } from "./client/fetch-manifest.js";
export { Kinora, type LoadOptions } from "./client/kinora.js";
export { type GenerateOptions, longestPrompt, randomSeed } from "./client/options.js";
export { checkSupport } from "./client/support.js";
export type { AdapterInfo, ClipSize } from "./engine.js";
export { KinoraError, type KinoraErrorCode } from "./errors.js";
export type { Manifest, ModelFile, ModelLocation } from "./manifest.js";
export type {
	Clip,
	ClipParams,
	KinoraProgress,
	OnProgress,
	Phase,
	Preview,
} from "./worker/protocol.js";
