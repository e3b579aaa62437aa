import type { ByteSource } from "../engine.js";
import { KinoraError } from "../errors.js";

/** Reads byte ranges of a Blob, which may be a file on disk or bytes in memory. */
export class BlobSource implements ByteSource {
	readonly #blob: Blob;

	constructor(blob: Blob) {
		this.#blob = blob;
	}

	get size(): number {
		return this.#blob.size;
	}

	async read(offset: number, length: number): Promise<Uint8Array> {
		try {
			return new Uint8Array(await this.#blob.slice(offset, offset + length).arrayBuffer());
		} catch (error) {
			throw new KinoraError(
				"storage",
				`A stored model file could not be read (${String(error)}). Try again; it is downloaded anew.`,
			);
		}
	}
}
