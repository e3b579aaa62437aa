import { createHash } from "node:crypto";
import { mock } from "node:test";
import { expect, test } from "@playwright/test";
import type { ModelFile } from "../../web/src/manifest.js";
import { download } from "../../web/src/storage/download.js";
import type { Part } from "../../web/src/storage/part.js";

const content = new Uint8Array(6000).map((_, index) => index * 31);
const file = {
	path: "weights.gguf",
	bytes: content.length,
	sha256: createHash("sha256").update(content).digest("hex"),
} as ModelFile;

/** A part in memory. */
class Memory implements Part {
	bytes: number[] = [];
	get size(): number {
		return this.bytes.length;
	}
	*chunks(): Iterable<Uint8Array<ArrayBuffer>> {
		yield new Uint8Array(this.bytes);
	}
	append(chunk: Uint8Array<ArrayBuffer>): void {
		this.bytes.push(...chunk);
	}
	restart(): void {
		this.bytes = [];
	}
	async complete(): Promise<Blob> {
		return new Blob([new Uint8Array(this.bytes)]);
	}
	close(): void {}
}

// The mocked timers are those that count a test's time too.
test.describe.configure({ timeout: 0 });

const realFetch = globalThis.fetch;

test.beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
test.afterEach(() => {
	mock.timers.reset();
	globalThis.fetch = realFetch;
});

test("a connection may drop any number of times, as long as it brings something", async () => {
	const requests = serve((rest, body) => {
		body.enqueue(rest.subarray(0, 1000));
		if (rest.length > 1000) body.error(new TypeError("the connection was reset"));
		else body.close();
	});
	const part = new Memory();
	await whileTimePasses(download(file, "https://example.org/weights.gguf", part, () => undefined));
	expect(Uint8Array.from(part.bytes)).toEqual(content);
	expect(requests).toEqual([0, 1000, 2000, 3000, 4000, 5000]);
});

test("one that brings nothing more ends in a message", async () => {
	const requests = serve((rest, body) => {
		if (rest.length === content.length) body.enqueue(rest.subarray(0, 1000));
		body.error(new TypeError("the connection was reset"));
	});
	const part = new Memory();
	await expect(
		whileTimePasses(download(file, "https://example.org/weights.gguf", part, () => undefined)),
	).rejects.toThrow(/reset.*What has arrived is kept/s);
	expect(part.size).toBe(1000);
	expect(requests).toEqual([0, 1000, 1000, 1000]);
});

test("a connection over which nothing arrives any more is replaced", async () => {
	const requests = serve((rest, body) => {
		body.enqueue(rest.subarray(0, 4000));
		if (rest.length <= 4000) body.close();
	});
	const part = new Memory();
	await whileTimePasses(download(file, "https://example.org/weights.gguf", part, () => undefined));
	expect(Uint8Array.from(part.bytes)).toEqual(content);
	expect(requests).toEqual([0, 4000]);
});

test("a file that is shorter than its description says is named, and begun anew", async () => {
	const short = content.subarray(0, 5000);
	const requests = serve((rest, body) => {
		body.enqueue(rest);
		body.close();
	}, short);
	const part = new Memory();
	await expect(
		whileTimePasses(download(file, "https://example.org/weights.gguf", part, () => undefined)),
	).rejects.toThrow(/weights\.gguf does not have the 6000 bytes.*Try again/s);
	expect(requests).toEqual([0, 5000]);
	expect(part.size).toBe(0);
});

/** Answers requests with the rest of a file, as `send` sends it. @returns where they began. */
function serve(
	send: (rest: Uint8Array, body: ReadableStreamDefaultController<Uint8Array>) => void,
	served = content,
): number[] {
	const requests: number[] = [];
	globalThis.fetch = async (_, { headers, signal } = {}) => {
		const from = Number(new Headers(headers).get("range")?.match(/\d+/)?.[0] ?? 0);
		requests.push(from);
		if (from >= served.length) return new Response("", { status: 416 });
		let sent = false;
		const pull = (controller: ReadableStreamDefaultController<Uint8Array>) => {
			if (sent) return;
			sent = true;
			signal?.addEventListener("abort", () => controller.error(signal.reason));
			send(served.subarray(from), controller);
		};
		const body = new ReadableStream<Uint8Array>({ pull }, { highWaterMark: 0 });
		return new Response(body, { status: from > 0 ? 206 : 200 });
	};
	return requests;
}

/** Lets the mocked time pass until the work is done. */
async function whileTimePasses<T>(work: Promise<T>): Promise<T> {
	let done = false;
	const end = () => {
		done = true;
	};
	work.then(end, end);
	while (!done) {
		await new Promise((resolve) => setImmediate(resolve));
		mock.timers.tick(1000);
	}
	return work;
}
