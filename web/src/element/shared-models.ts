import { Kinora } from "../client/kinora.js";
import type { OnProgress } from "../worker/protocol.js";

/** A model in use by an element. */
export interface ModelLease {
	/** The loaded model; rejects when the signal stops loading. */
	model(signal: AbortSignal): Promise<Kinora>;
	/** To be called once, when the element needs the model no longer. */
	release(): void;
}

interface Shared {
	kinora: Promise<Kinora> | undefined;
	users: number;
}

const models = new Map<string, Shared>();

/**
 * Shares one loaded model between all elements of a page that use it, so that ten clips do not
 * take ten times the graphics memory. The last one to release it frees it.
 */
export function borrowModel(address: string, onProgress: OnProgress): ModelLease {
	const shared = models.get(address) ?? { kinora: undefined, users: 0 };
	models.set(address, shared);
	shared.users += 1;
	return {
		async model(signal) {
			shared.kinora ??= Kinora.load({ model: address, signal, onProgress });
			try {
				return await shared.kinora;
			} catch (error) {
				// The next attempt loads anew.
				shared.kinora = undefined;
				throw error;
			}
		},
		release() {
			shared.users -= 1;
			if (shared.users > 0) return;
			models.delete(address);
			shared.kinora?.then(
				(kinora) => kinora.unload(),
				() => undefined,
			);
		},
	};
}
