/** Locks that tell which files are in use: whoever reads a file shares its lock, whoever deletes it has it alone. */

import { KinoraError } from "../errors.js";

/** A Worker that was ended gives its locks back a moment later. */
const patienceMilliseconds = 2000;

/** Shares a file's lock until the Worker ends; resolves when it has it. */
export function holdWhileAlive(sha256: string): Promise<void> {
	return new Promise((held, failed) => {
		const untilTheEnd = () => {
			held();
			return new Promise<never>(() => undefined);
		};
		navigator.locks.request(lockOf(sha256), { mode: "shared" }, untilTheEnd).catch(failed);
	});
}

/** Runs a job if nobody reads a file, and lets nobody begin to meanwhile. */
export async function ifUnused(sha256: string, job: () => Promise<void>): Promise<void> {
	await navigator.locks.request(lockOf(sha256), { ifAvailable: true }, async (lock) => {
		if (lock) await job();
	});
}

/**
 * Runs a job while nobody reads any of the files, and lets nobody begin to meanwhile.
 *
 * @throws KinoraError `storage` when one of them is in use.
 */
export async function whileUnused(files: string[], job: () => Promise<void>): Promise<void> {
	const [sha256, ...others] = files;
	if (sha256 === undefined) return job();
	let unused = false;
	const signal = AbortSignal.timeout(patienceMilliseconds);
	const whileHeld = () => {
		unused = true;
		return whileUnused(others, job);
	};
	await navigator.locks.request(lockOf(sha256), { signal }, whileHeld).catch((error) => {
		if (unused) throw error;
		throw new KinoraError(
			"storage",
			"The model is in use, here or in another tab. Close the other tabs that show it, and try again.",
		);
	});
}

function lockOf(sha256: string): string {
	return `kinora-models/in-use/${sha256}`;
}
