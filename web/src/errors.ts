import type { ClipSize } from "./engine.js";

/** What went wrong, for a program to act on. The message of the error says it for people. */
export type KinoraErrorCode =
	| "no-webgpu"
	| "no-encoder"
	| "device-lost"
	| "out-of-memory"
	| "does-not-fit"
	| "bad-model"
	| "bad-input"
	| "empty-prompt"
	| "prompt-too-long"
	| "cancelled"
	| "storage"
	| "network"
	| "internal";

const codes: ReadonlySet<string> = new Set<KinoraErrorCode>([
	"no-webgpu",
	"no-encoder",
	"device-lost",
	"out-of-memory",
	"does-not-fit",
	"bad-model",
	"bad-input",
	"empty-prompt",
	"prompt-too-long",
	"cancelled",
	"storage",
	"network",
	"internal",
]);

/**
 * Every rejection of this library. `message` says what happened and what to do next.
 *
 * @example
 * try {
 *   await kinora.generate({ prompt });
 * } catch (error) {
 *   if (!(error instanceof KinoraError)) throw error;
 *   if (error.code === "cancelled") return;
 *   showMessage(error.message);
 * }
 */
export class KinoraError extends Error {
	override readonly name = "KinoraError";
	/** What went wrong, for a program to act on. */
	readonly code: KinoraErrorCode;
	/** With `does-not-fit`: the largest of the model's sizes that fits this device, if one does. */
	readonly suggestion: ClipSize | undefined;

	constructor(code: KinoraErrorCode, message: string, suggestion?: ClipSize) {
		super(message);
		this.code = code;
		this.suggestion = suggestion;
	}

	/** Turns anything thrown into a `KinoraError`; what it does not know becomes `internal`. */
	static from(thrown: unknown): KinoraError {
		if (thrown instanceof KinoraError) return thrown;
		if (isAbort(thrown)) return cancelled();
		const message = thrown instanceof Error ? thrown.message : String(thrown);
		const { code, suggestion } = Object(thrown) as { code?: unknown; suggestion?: ClipSize };
		if (typeof code === "string" && codes.has(code)) {
			return new KinoraError(code as KinoraErrorCode, message, suggestion);
		}
		return new KinoraError("internal", `The engine stopped: ${message}. Please try again.`);
	}
}

/** What work that a signal or `unload()` stopped ends with. */
export function cancelled(): KinoraError {
	return new KinoraError("cancelled", "Cancelled.");
}

function isAbort(thrown: unknown): boolean {
	return thrown instanceof DOMException && thrown.name === "AbortError";
}
