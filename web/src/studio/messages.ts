import type { KinoraError, KinoraErrorCode } from "../errors.js";
import type { Message } from "./state.js";

const titles: Record<KinoraErrorCode, string> = {
	"no-webgpu": "No WebGPU here",
	"no-encoder": "No video encoder here",
	"device-lost": "The graphics device was lost",
	"out-of-memory": "Out of graphics memory",
	"does-not-fit": "This size does not fit",
	"bad-model": "This model cannot be used",
	"bad-input": "A setting cannot be used",
	"empty-prompt": "What should it show?",
	"prompt-too-long": "The prompt is too long",
	cancelled: "Cancelled",
	storage: "Storage failed",
	network: "Download failed",
	internal: "Something went wrong",
};

/** An error as the page shows it: a short title, and what to do. */
export function describeError(error: KinoraError): Message {
	return {
		kind: "error",
		title: titles[error.code],
		text: error.message,
		...(error.suggestion && { suggestion: error.suggestion }),
	};
}
