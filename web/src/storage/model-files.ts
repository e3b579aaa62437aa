import { createSHA256 } from "hash-wasm";
import type { ByteSource } from "../engine.js";
import { type Manifest, type ModelFile, type ModelLocation, modelBytes } from "../manifest.js";
import { megabytes } from "../megabytes.js";
import type { OnProgress } from "../worker/protocol.js";
import { BlobSource } from "./blob-source.js";
import { download } from "./download.js";
import { partName } from "./file-names.js";
import { MemoryPart } from "./part.js";
import { isQuotaExceeded, PrivateFolder } from "./private-folder.js";
import { storedBytes } from "./stored-bytes.js";

const reportMilliseconds = 250;

/** How often it is looked how far another tab's download is. */
const lookMilliseconds = 500;

/**
 * Opens every file of a model for reading, downloading what is not stored yet. Where files cannot
 * be stored the model runs from memory, and a notice says so.
 */
export async function openModelFiles(
	model: ModelLocation,
	onProgress: OnProgress,
): Promise<Record<string, ByteSource>> {
	const { manifest, url } = model;
	const folder = await PrivateFolder.open();
	const total = modelBytes(manifest);
	const notice = (text: string) =>
		onProgress({ phase: "download", done: before, total, notice: text });
	let before = 0;
	if (!folder) {
		notice("This browser cannot keep files here, so the model will be downloaded at every visit.");
	}

	const names = manifest.files.map(({ sha256 }) => sha256);
	// A full disk keeps the list from being written; then nothing may be taken for unneeded.
	const claimed = await folder?.claim(url, names).then(
		() => true,
		() => false,
	);
	// What no model needs any more makes room for this one.
	if (claimed) await folder?.sweep();
	if (folder) await warnOfLittleRoom(manifest, folder, notice);
	const files: Record<string, ByteSource> = {};
	for (const file of manifest.files) {
		let reportedAt = -reportMilliseconds;
		const onBytes = (bytes: number) => {
			if (performance.now() - reportedAt < reportMilliseconds && bytes < file.bytes) return;
			reportedAt = performance.now();
			onProgress({ phase: "download", done: before + bytes, total });
		};
		const address = new URL(file.path, url).href;
		const blob = await obtain(file, address, folder, onBytes, notice);
		files[file.path] = new BlobSource(blob);
		before += file.bytes;
	}
	onProgress({ phase: "download", done: total, total });
	return files;
}

/** Says before a download that it will not fit. */
async function warnOfLittleRoom(
	manifest: Manifest,
	folder: PrivateFolder,
	notice: (text: string) => void,
): Promise<void> {
	const missing = modelBytes(manifest) - (await storedBytes(manifest));
	if (missing <= 0 || (await folder.hasRoomFor(missing))) return;
	notice(
		`The browser has no room for the ${megabytes(missing)} MB of the model that are still to be downloaded. Cancel and free some disk space, or the model will run from memory and be downloaded again at the next visit.`,
	);
}

/**
 * Deletes those of a model's stored files that have changed since they were verified; they are downloaded again.
 *
 * @returns Whether there were any.
 */
export async function forgetDamagedFiles(manifest: Manifest): Promise<boolean> {
	const folder = await PrivateFolder.open();
	let damaged = false;
	for (const { sha256, bytes } of manifest.files) {
		const file = await folder?.find(sha256, bytes);
		if (!file || (await digestOf(file)) === sha256) continue;
		await folder?.remove(sha256);
		damaged = true;
	}
	return damaged;
}

/** The SHA-256, in hexadecimal; nothing that fits a file's name when it cannot be read to its end. */
async function digestOf(file: Blob): Promise<string> {
	const hash = await createSHA256();
	const reader = file.stream().getReader();
	try {
		for (;;) {
			const { done, value } = await reader.read();
			if (done) return hash.digest("hex");
			hash.update(value);
		}
	} catch {
		return "unreadable";
	}
}

async function obtain(
	file: ModelFile,
	url: string,
	folder: PrivateFolder | undefined,
	onBytes: (bytes: number) => void,
	notice: (text: string) => void,
): Promise<Blob> {
	if (!folder) return downloadToMemory(file, url, new MemoryPart(), onBytes);
	const { sha256, bytes } = file;
	const stored = await folder.find(sha256, bytes);
	if (stored) return stored;
	// Two tabs that want the same file take turns; the second then finds it complete.
	const lock = `kinora-models/${sha256}`;
	const obtainInTurn = async () =>
		(await folder.find(sha256, bytes)) ?? downloadToDisk(file, url, folder, onBytes, notice);
	const obtained = await navigator.locks.request(
		lock,
		{ ifAvailable: true },
		(turn) => turn && obtainInTurn(),
	);
	if (obtained) return obtained;
	notice("Another tab is downloading the model already. This one goes on when it is there.");
	const timer = setInterval(async () => onBytes(await folder.arrived(sha256)), lookMilliseconds);
	return navigator.locks.request(lock, () => {
		clearInterval(timer);
		return obtainInTurn();
	});
}

async function downloadToDisk(
	file: ModelFile,
	url: string,
	folder: PrivateFolder,
	onBytes: (bytes: number) => void,
	notice: (text: string) => void,
): Promise<Blob> {
	const part = await folder.part(file.sha256);
	try {
		await download(file, url, part, onBytes);
	} catch (error) {
		if (!isQuotaExceeded(error)) {
			part.close();
			throw error;
		}
		const memory = new MemoryPart();
		for (const chunk of part.chunks()) memory.append(chunk);
		part.close();
		await folder.remove(partName(file.sha256));
		notice(
			"The browser has no room to keep the model, so it runs from memory and will be downloaded again at the next visit. Free some disk space to keep it.",
		);
		return downloadToMemory(file, url, memory, onBytes);
	}
	return part.complete();
}

async function downloadToMemory(
	file: ModelFile,
	url: string,
	part: MemoryPart,
	onBytes: (bytes: number) => void,
): Promise<Blob> {
	await download(file, url, part, onBytes);
	return part.complete();
}
