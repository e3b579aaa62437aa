import { createSHA256, type IHasher } from "hash-wasm";
import { KinoraError } from "../errors.js";
import type { ModelFile } from "../manifest.js";
import { checkConnection, whatToCheck } from "../what-to-check.js";
import type { Part } from "./part.js";

/** Waits before the second, third and fourth attempt to get any further. */
const retryMilliseconds = [1000, 2000, 4000];

/** A connection over which nothing arrives for so long is given up. */
const stallMilliseconds = 30_000;

/** A failure that may pass: the connection dropped, or the server is busy. */
class Interrupted extends Error {
	/** What to do when it does not pass. */
	readonly advice: string;

	constructor(message: string, advice = checkConnection) {
		super(message);
		this.advice = advice;
	}
}

/** A file on its way into its part. */
interface Transfer {
	file: ModelFile;
	url: string;
	part: Part;
	/** Of the bytes that are in the part. */
	hash: IHasher;
	onBytes: (bytes: number) => void;
}

/**
 * Brings a part to completion: resumes behind the bytes that are there, retries when the
 * connection drops, and checks size and SHA-256. A resumed part that does not verify is fetched
 * once more from the start, for the old bytes may have been the bad ones.
 *
 * @param onBytes Called with the number of bytes that are there.
 * @throws KinoraError `network` or `bad-model`; DOMException `QuotaExceededError` from the part.
 */
export async function download(
	file: ModelFile,
	url: string,
	part: Part,
	onBytes: (bytes: number) => void,
): Promise<void> {
	const hash = await createSHA256();
	if (part.size > file.bytes) part.restart();
	const resumed = part.size > 0;
	hash.init();
	for (const chunk of part.chunks()) hash.update(chunk);
	await fetchRest({ file, url, part, hash, onBytes });
	if (hash.digest("hex") === file.sha256) return;
	part.restart();
	if (resumed) return download(file, url, part, onBytes);
	throw new KinoraError(
		"bad-model",
		`The model file ${url} is damaged (its SHA-256 is not the one in model.json) and was deleted. Try again; if it stays, the file on the server is wrong.`,
	);
}

async function fetchRest(transfer: Transfer): Promise<void> {
	const { file, url, part, onBytes } = transfer;
	onBytes(part.size);
	let farthest = part.size;
	let attempt = 0;
	while (part.size < file.bytes) {
		try {
			await fetchOnce(transfer);
		} catch (error) {
			if (!(error instanceof Interrupted)) throw error;
			// A long download may be broken off any number of times, as long as each time brings something.
			if (part.size > farthest) attempt = 0;
			farthest = Math.max(farthest, part.size);
			const wait = retryMilliseconds[attempt++];
			if (wait === undefined) {
				throw new KinoraError(
					"network",
					`The model file ${url} could not be downloaded (${error.message}). What has arrived is kept. ${error.advice}`,
				);
			}
			await new Promise((resolve) => setTimeout(resolve, wait));
		}
	}
}

async function fetchOnce(transfer: Transfer): Promise<void> {
	const stall = new StallWatch();
	try {
		const response = await request(transfer, stall.signal);
		await receive(response, transfer, stall);
	} finally {
		stall.end();
	}
}

async function receive(response: Response, transfer: Transfer, stall: StallWatch): Promise<void> {
	const { file, part, hash, onBytes } = transfer;
	// A server without ranges sends the whole file: begin again.
	if (part.size > 0 && response.status !== 206) {
		part.restart();
		hash.init();
	}
	const reader = response.body?.getReader();
	if (!reader) throw new Interrupted("the answer was empty");
	for (;;) {
		const { done, value } = await reader.read().catch((error) => interrupt(error));
		if (done) break;
		stall.restart();
		if (part.size + value.length > file.bytes) throw wrongSize(transfer);
		part.append(value);
		hash.update(value);
		onBytes(part.size);
	}
	if (part.size < file.bytes) throw new Interrupted("the connection closed early");
}

async function request(transfer: Transfer, signal: AbortSignal): Promise<Response> {
	const { url, part } = transfer;
	const headers: HeadersInit = part.size > 0 ? { Range: `bytes=${part.size}-` } : {};
	// The file goes to our own store; a second copy in the HTTP cache would only take room.
	const response = await fetch(url, { headers, cache: "no-store", signal }).catch((error) =>
		interrupt(error, whatToCheck(url)),
	);
	if (response.ok) {
		if (!response.headers.get("content-type")?.startsWith("text/html")) return response;
		throw new KinoraError(
			"network",
			`The server answered ${url} with a web page instead of a model file. Check the address of the model.`,
		);
	}
	// Nothing comes after the bytes that are there: that is the end of the file.
	if (response.status === 416) throw wrongSize(transfer);
	if (response.status === 429 || response.status >= 500) {
		throw new Interrupted(`HTTP ${response.status}`, "Try again later.");
	}
	throw new KinoraError(
		"network",
		`The model file ${url} could not be downloaded (HTTP ${response.status}). Check the address of the model.`,
	);
}

function interrupt(error: unknown, advice?: string): never {
	throw error instanceof Interrupted ? error : new Interrupted(String(error), advice);
}

/** Aborts a request over which nothing arrives. */
class StallWatch {
	readonly #stop = new AbortController();
	#timer: ReturnType<typeof setTimeout> | undefined;

	constructor() {
		this.restart();
	}

	get signal(): AbortSignal {
		return this.#stop.signal;
	}

	/** Something has arrived. */
	restart(): void {
		clearTimeout(this.#timer);
		this.#timer = setTimeout(() => {
			this.#stop.abort(new Interrupted(`nothing arrived for ${stallMilliseconds / 1000} seconds`));
		}, stallMilliseconds);
	}

	end(): void {
		clearTimeout(this.#timer);
	}
}

/** Throws away what has arrived, for it is of another file. */
function wrongSize({ file, url, part }: Transfer): KinoraError {
	part.restart();
	return new KinoraError(
		"bad-model",
		`The model file ${url} does not have the ${file.bytes} bytes that model.json says; what has arrived was deleted. Try again; if it stays, the file on the server is not the one the model was described with.`,
	);
}
