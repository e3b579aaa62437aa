import { Kinora } from "../client/kinora.js";
import { KinoraError } from "../errors.js";
import type { OnProgress } from "../worker/protocol.js";

/** A model in use by an element. */
export interface ModelLease {
	/** The loaded model; rejects with `cancelled` as soon as the signal says so. */
	model(signal: AbortSignal): Promise<Kinora>;
	/** To be called once, when the element needs the model no longer. */
	release(): void;
}

interface SharedModel {
	kinora: Promise<Kinora>;
	stop: AbortController;
	users: Set<OnProgress>;
}

const models = new Map<string, SharedModel>();

/**
 * Shares one loaded model between all elements of a page that use it, so that ten clips do not
 * take ten times the graphics memory. The last one to release it stops its loading or frees it.
 */
export function borrowModel(address: string, onProgress: OnProgress): ModelLease {
	const shared = models.get(address) ?? startLoading(address);
	const user: OnProgress = (progress) => onProgress(progress);
	shared.users.add(user);
	return {
		model: (signal) => Promise.race([shared.kinora, rejectOnAbort(signal)]),
		release() {
			shared.users.delete(user);
			if (shared.users.size > 0) return;
			if (models.get(address) === shared) models.delete(address);
			shared.stop.abort();
			shared.kinora.then(
				(kinora) => kinora.unload(),
				() => undefined,
			);
		},
	};
}

function startLoading(address: string): SharedModel {
	const stop = new AbortController();
	const users = new Set<OnProgress>();
	const onProgress: OnProgress = (progress) => {
		for (const user of users) user(progress);
	};
	const kinora = Kinora.load({ model: address, signal: stop.signal, onProgress });
	const shared = { kinora, stop, users };
	models.set(address, shared);
	// The next attempt loads anew.
	kinora.catch(() => {
		if (models.get(address) === shared) models.delete(address);
	});
	return shared;
}

function rejectOnAbort(signal: AbortSignal): Promise<never> {
	return new Promise((_, reject) => {
		const abort = () => reject(new KinoraError("cancelled", "Cancelled."));
		if (signal.aborted) abort();
		else signal.addEventListener("abort", abort, { once: true });
	});
}
