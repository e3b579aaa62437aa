import * as Comlink from "comlink";
import { cancelled, KinoraError, type KinoraErrorCode } from "../errors.js";
import { reloadPage } from "../what-to-check.js";
import type { FatalMessage, Outcome, WorkerApi } from "../worker/protocol.js";
import { workerUrl } from "./locations.js";
import { startWorker } from "./start-worker.js";

const notStarted = `The engine ${workerUrl} could not be started. Check the connection. ${reloadPage}`;

/** How long a cancelled job may take to end by itself before its Worker is ended. */
const cancelPatienceMilliseconds = 10_000;

/** A running Worker. Once it is lost it stays lost; the next job opens another. */
export class Connection {
	readonly #worker: Worker;
	readonly #api: Comlink.Remote<WorkerApi>;
	readonly #lost: Promise<never>;
	#fail: (error: KinoraError) => void = () => undefined;
	#open = true;

	constructor() {
		this.#worker = startWorker(workerUrl);
		this.#lost = new Promise((_, reject) => {
			this.#fail = reject;
		});
		// Whoever waits for a job hears of it through the race in call().
		this.#lost.catch(() => undefined);
		this.#worker.addEventListener("error", ({ message }) => {
			if (message) this.#lose(message);
			// A script that fails has something to say; one that does not arrive has not.
			else this.close(new KinoraError("network", notStarted));
		});
		this.#worker.addEventListener("message", ({ data }: MessageEvent<Partial<FatalMessage>>) => {
			if (typeof data?.kinoraFatal === "string") this.#lose(data.kinoraFatal);
		});
		this.#api = Comlink.wrap<WorkerApi>(this.#worker);
	}

	/** False after the Worker has failed or was closed. */
	get open(): boolean {
		return this.#open;
	}

	/** Runs a job in the Worker; rejects with a `KinoraError`, also when the Worker dies. */
	async call<T>(job: (api: Comlink.Remote<WorkerApi>) => Promise<Outcome<T>>): Promise<T> {
		const outcome = await Promise.race([job(this.#api), this.#lost]);
		if (outcome.ok) return outcome.value;
		const { code, message, suggestion } = outcome.failure;
		if (isFatal(code)) this.close();
		throw new KinoraError(code, message, suggestion);
	}

	/** Like `call`, for a job that `cancel` stops when the signal asks for it. */
	async callCancellable<T>(
		job: (api: Comlink.Remote<WorkerApi>) => Promise<Outcome<T>>,
		signal: AbortSignal | undefined,
	): Promise<T> {
		let patience: ReturnType<typeof setTimeout> | undefined;
		const cancel = () => {
			void this.#api.cancel();
			patience = setTimeout(() => this.close(), cancelPatienceMilliseconds);
		};
		if (signal?.aborted) throw cancelled();
		signal?.addEventListener("abort", cancel, { once: true });
		try {
			return await this.call(job);
		} finally {
			signal?.removeEventListener("abort", cancel);
			clearTimeout(patience);
		}
	}

	/** Like `call`, for a job that can only be stopped by ending the Worker. */
	async callEnding<T>(
		job: (api: Comlink.Remote<WorkerApi>) => Promise<Outcome<T>>,
		signal: AbortSignal | undefined,
	): Promise<T> {
		const end = () => this.close();
		if (signal?.aborted) {
			end();
			throw cancelled();
		}
		signal?.addEventListener("abort", end, { once: true });
		try {
			return await this.call(job);
		} finally {
			signal?.removeEventListener("abort", end);
		}
	}

	/** Ends the Worker, which frees everything it holds; jobs that wait for it are rejected. */
	close(reason: KinoraError = cancelled()): void {
		this.#open = false;
		this.#worker.terminate();
		this.#fail(reason);
	}

	#lose(message: string): void {
		this.close(
			new KinoraError(
				"internal",
				`The engine stopped unexpectedly (${message}). Try again; it will be started anew.`,
			),
		);
	}
}

/** Whether the GPU objects in the Worker, or the files that it reads, are not to be trusted any more. */
function isFatal(code: KinoraErrorCode): boolean {
	return ["internal", "device-lost", "out-of-memory", "storage"].includes(code);
}
