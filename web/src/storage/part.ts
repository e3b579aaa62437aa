/** A download that grows until it is complete, on disk or in memory. */
export interface Part {
	/** Bytes so far. */
	readonly size: number;
	/** What is there already, in order; each chunk is valid until the next. */
	chunks(): Iterable<Uint8Array<ArrayBuffer>>;
	/** @throws DOMException `QuotaExceededError` when there is no room. */
	append(chunk: Uint8Array<ArrayBuffer>): void;
	/** Throws away everything so far. */
	restart(): void;
	/** Ends the download; the whole file. */
	complete(): Promise<Blob>;
	/** Ends the download early. */
	close(): void;
}

/** A download kept in memory, for browsers that cannot store files or have no room. */
export class MemoryPart implements Part {
	#chunks: Uint8Array<ArrayBuffer>[] = [];
	#size = 0;

	get size(): number {
		return this.#size;
	}

	chunks(): Iterable<Uint8Array<ArrayBuffer>> {
		return this.#chunks;
	}

	append(chunk: Uint8Array<ArrayBuffer>): void {
		this.#chunks.push(chunk.slice());
		this.#size += chunk.length;
	}

	restart(): void {
		this.#chunks = [];
		this.#size = 0;
	}

	async complete(): Promise<Blob> {
		const blob = new Blob(this.#chunks);
		this.restart();
		return blob;
	}

	close(): void {
		this.restart();
	}
}
