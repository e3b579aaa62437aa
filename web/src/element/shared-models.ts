import { fetchManifest, manifestUrl } from "../client/fetch-manifest.js";
import { Kinora } from "../client/kinora.js";
import type { ClipSize } from "../engine.js";
import { cancelled, KinoraError } from "../errors.js";
import type { ModelLocation } from "../manifest.js";
import type { OnProgress } from "../worker/protocol.js";

/** A model in use by an element. */
export interface ModelLease {
	/** The loaded model; rejects with `cancelled` as soon as the signal says so. */
	model(signal: AbortSignal): Promise<Kinora>;
	/** To be called once, when the element needs the model no longer. */
	release(): void;
}

interface SharedModel {
	model: ModelLocation;
	/** What it was asked to fit: the clip of the element that came first. */
	size: ClipSize;
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

/** By the address of their description. */
const models = new Map<string, SharedModel>();

/**
 * Shares one loaded model between all elements of a page that use it, so that ten clips do not
 * take ten times the graphics memory. When nobody uses it any more, its loading is stopped, or it is
 * freed after a while: at once, when another model wants its place.
 *
 * @param size Of the clip to be made: when the model is not there yet, it is checked before the download.
 */
export function borrowModel(
	model: ModelLocation,
	size: ClipSize,
	onProgress: OnProgress,
): ModelLease {
	const user: OnProgress = (progress) => onProgress(progress);
	let shared = join(model, size, user);
	return {
		async model(signal) {
			for (;;) {
				try {
					return await Promise.race([shared.kinora, rejectOnAbort(signal)]);
				} catch (error) {
					const { code } = KinoraError.from(error);
					const isOfAnother = code === "does-not-fit" && shared.size !== size;
					if (!isOfAnother || signal.aborted) throw error;
					// That the clip of another element does not fit says nothing about this one.
					shared = join(model, size, user);
				}
			}
		},
		release: () => leave(shared, user),
	};
}

/** What a model is and can do. Of one that is shared it is known without the network. */
export async function describeModel(address: string, signal: AbortSignal): Promise<ModelLocation> {
	return models.get(manifestUrl(address))?.model ?? fetchManifest(address, signal);
}

function join(model: ModelLocation, size: ClipSize, user: OnProgress): SharedModel {
	const shared = models.get(model.url) ?? startLoading(model, size);
	clearTimeout(shared.idle);
	delete shared.idle;
	shared.users.add(user);
	return shared;
}

function leave(shared: SharedModel, user: OnProgress): void {
	shared.users.delete(user);
	if (shared.users.size > 0) return;
	if (shared.loaded) shared.idle = setTimeout(() => end(shared), idleMilliseconds);
	else end(shared);
}

function end(shared: SharedModel): void {
	forget(shared);
	shared.stop.abort();
	shared.kinora.then(
		(kinora) => kinora.unload(),
		() => undefined,
	);
}

function forget(shared: SharedModel): void {
	const { url } = shared.model;
	if (models.get(url) === shared) models.delete(url);
}

function startLoading(model: ModelLocation, size: ClipSize): SharedModel {
	for (const shared of models.values()) if (shared.idle !== undefined) end(shared);
	const stop = new AbortController();
	const users = new Set<OnProgress>();
	const onProgress: OnProgress = (progress) => {
		for (const user of users) user(progress);
	};
	const kinora = Kinora.load({ model, size, signal: stop.signal, onProgress });
	const shared: SharedModel = { model, size, kinora, stop, users, loaded: false };
	models.set(model.url, shared);
	kinora.then(
		() => {
			shared.loaded = true;
		},
		// The next attempt loads anew.
		() => forget(shared),
	);
	return shared;
}

function rejectOnAbort(signal: AbortSignal): Promise<never> {
	return new Promise((_, reject) => {
		const abort = () => reject(cancelled());
		if (signal.aborted) abort();
		else signal.addEventListener("abort", abort, { once: true });
	});
}
