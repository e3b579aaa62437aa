/** The Worker's entry point. It alone owns wasm and the GPU. */

import type { FatalMessage } from "./protocol.js";
import { serve } from "./session.js";

// A wasm panic inside a future leaves its promise pending for ever and surfaces only here.
addEventListener("error", (event) => reportFatal(event.message));
addEventListener("unhandledrejection", (event) => reportFatal(String(event.reason)));

serve();

function reportFatal(message: string): void {
	const fatal: FatalMessage = { kinoraFatal: message };
	postMessage(fatal);
}
