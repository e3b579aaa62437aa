import { createStore, del, get, set } from "idb-keyval";
import type { ModelLocation } from "../manifest.js";
import type { GenerateRequest } from "../worker/protocol.js";

const store = createStore("kinora-unfinished", "latents");
const place = "latest";

interface Entry {
	/** Digest of the model and of what was asked of it. */
	of: string;
	latent: Float32Array;
}

/**
 * The latent of the last clip that was denoised and did not become a file: another try has only the
 * decoding left to do. Decoding takes the most memory, so that a tab may die of it; therefore the
 * latent is also kept where the next visit finds it.
 */
export class UnfinishedLatent {
	readonly #model: string;
	#entry: Entry | undefined;

	constructor({ manifest }: ModelLocation) {
		this.#model = JSON.stringify(manifest.files.map(({ sha256 }) => sha256));
	}

	/** What was kept of this very request. */
	async find(request: GenerateRequest): Promise<Float32Array | undefined> {
		const of = await this.#digest(request);
		const entry = this.#entry ?? (await ifPossible(() => get<Entry>(place, store)));
		if (entry?.of !== of) return undefined;
		this.#entry = entry;
		return entry.latent;
	}

	/** Keeps a latent in place of the last one; only in memory where the browser keeps nothing. */
	async keep(request: GenerateRequest, latent: Float32Array): Promise<void> {
		this.#entry = { of: await this.#digest(request), latent };
		await ifPossible(() => set(place, this.#entry, store));
	}

	/** Forgets the latent that was kept last, but for that of another tab. */
	async forget(): Promise<void> {
		const of = this.#entry?.of;
		this.#entry = undefined;
		const kept = await ifPossible(() => get<Entry>(place, store));
		if (kept?.of === of) await ifPossible(() => del(place, store));
	}

	/** Prompts are not written down. */
	async #digest(request: GenerateRequest): Promise<string> {
		const text = new TextEncoder().encode(this.#model + JSON.stringify(request));
		const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", text));
		return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
	}
}

/** Undefined where the browser keeps nothing, which it says by throwing or by rejecting. */
async function ifPossible<T>(access: () => Promise<T>): Promise<T | undefined> {
	try {
		return await access();
	} catch {
		return undefined;
	}
}
