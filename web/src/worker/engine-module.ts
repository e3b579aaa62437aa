import type { EngineModule } from "../engine.js";
import * as generated from "../wasm/kinora.js";

/** The generated wasm-bindgen module under the types that this package is written against. */
export const engineModule = generated as unknown as EngineModule;
