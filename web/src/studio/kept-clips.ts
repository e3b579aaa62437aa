/** Clips that outlive the page. They stay in this browser until the visitor removes them. */

import { createStore, del, set, values } from "idb-keyval";
import { askToPersist } from "../client/ask-to-persist.js";
import type { Clip } from "../worker/protocol.js";

const store = createStore("kinora", "clips");

export interface KeptClip {
	id: string;
	/** When it was finished. */
	at: Date;
	clip: Clip;
	/** How long it took to make, in seconds. */
	made: number;
}

/** The kept clips of a model, in any order; none where the browser keeps nothing. */
export async function keptClips(model: string): Promise<KeptClip[]> {
	try {
		const kept = await values<KeptClip>(store);
		return kept.filter(({ clip }) => clip.params.model === model);
	} catch {
		return [];
	}
}

/** Keeps a clip, or rejects: on a full disk, or where the browser keeps nothing. */
export async function keepClip(kept: KeptClip): Promise<void> {
	await set(kept.id, kept, store);
	askToPersist();
}

export async function forgetClip(id: string): Promise<void> {
	await del(id, store);
}
