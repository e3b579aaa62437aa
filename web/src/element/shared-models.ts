import { fetchManifest } from "../client/fetch-manifest.js";
import { Kinora } from "../client/kinora.js";
import { KinoraError } from "../errors.js";
import type { Manifest } from "../manifest.js";
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
	/** Whether it is on the GPU. */
	loaded: boolean;
	/** Runs while it is loaded and nobody uses it. */
	idle?: ReturnType<typeof setTimeout>;
}

/** How long a model stays on the GPU for the next clip of the page, or for another try. */
const idleMilliseconds = 60_000;

const models = new Map<string, SharedModel>();

/**
 * Shares one loaded model between all elements of a page that use it, so that ten clips do not
 * take ten times the graphics memory. When nobody uses it any more, its loading is stopped, or it is
 * freed after a while: at once, when another model wants its place.
 */
export function borrowModel(address: string, onProgress: OnProgress): ModelLease {
	const shared = models.get(address) ?? startLoading(address);
	clearTimeout(shared.idle);
	delete shared.idle;
	const user: OnProgress = (progress) => onProgress(progress);
	shared.users.add(user);
	return {
		model: (signal) => Promise.race([shared.kinora, rejectOnAbort(signal)]),
		release() {
			shared.users.delete(user);
			if (shared.users.size > 0) return;
			if (shared.loaded) shared.idle = setTimeout(() => end(address, shared), idleMilliseconds);
			else end(address, shared);
		},
	};
}

/** What a model is and can do. Of a loaded one it is known without the network. */
export async function describeModel(address: string, signal: AbortSignal): Promise<Manifest> {
	const shared = models.get(address);
	if (shared?.loaded) return (await shared.kinora).manifest;
	return (await fetchManifest(address, signal)).manifest;
}

function end(address: string, shared: SharedModel): void {
	if (models.get(address) === shared) models.delete(address);
	shared.stop.abort();
	shared.kinora.then(
		(kinora) => kinora.unload(),
		() => undefined,
	);
}

function startLoading(address: string): SharedModel {
	for (const [other, shared] of models) if (shared.idle !== undefined) end(other, shared);
	const stop = new AbortController();
	const users = new Set<OnProgress>();
	const onProgress: OnProgress = (progress) => {
		for (const user of users) user(progress);
	};
	const kinora = Kinora.load({ model: address, signal: stop.signal, onProgress });
	const shared: SharedModel = { kinora, stop, users, loaded: false };
	models.set(address, shared);
	kinora.then(
		() => {
			shared.loaded = true;
		},
		// The next attempt loads anew.
		() => {
			if (models.get(address) === shared) models.delete(address);
		},
	);
	return shared;
}

function rejectOnAbort(signal: AbortSignal): Promise<never> {
	return new Promise((_, reject) => {
		const abort = () => reject(new KinoraError("cancelled", "Cancelled."));
		if (signal.aborted) abort();
		else signal.addEventListener("abort", abort, { once: true });
	});
}
