/** The browser's private file system (OPFS) as a store of files named by their SHA-256. */

import { folderName, partName } from "./file-names.js";
import { holdWhileAlive, ifUnused, whileUnused } from "./in-use.js";
import type { Part } from "./part.js";
import { sizeOf } from "./stored-bytes.js";

/** `move` is in every browser that has WebGPU, but not yet in TypeScript's library. */
interface MovableFile extends FileSystemFileHandle {
	move(name: string): Promise<void>;
}

/** Which files each model needs, by the model's address. */
type Owners = Record<string, string[]>;

const ownersFile = "owners.json";
const ownersLock = "kinora-models/owners";

export class PrivateFolder {
	readonly #folder: FileSystemDirectoryHandle;

	private constructor(folder: FileSystemDirectoryHandle) {
		this.#folder = folder;
	}

	/** Undefined where the browser has no private file system, as in some private windows. */
	static async open(): Promise<PrivateFolder | undefined> {
		try {
			const root = await navigator.storage.getDirectory();
			return new PrivateFolder(await root.getDirectoryHandle(folderName, { create: true }));
		} catch {
			return undefined;
		}
	}

	/** A file that was downloaded and verified before; one of the wrong size is deleted. */
	async find(sha256: string, bytes: number): Promise<File | undefined> {
		try {
			const file = await (await this.#folder.getFileHandle(sha256)).getFile();
			if (file.size === bytes) return file;
			await this.remove(sha256);
			return undefined;
		} catch {
			return undefined;
		}
	}

	/** Opens the partial download of a file, with what an earlier visit left in it. */
	async part(sha256: string): Promise<PartFile> {
		const handle = await this.#folder.getFileHandle(partName(sha256), { create: true });
		return new PartFile(handle as MovableFile, await handle.createSyncAccessHandle(), sha256);
	}

	/**
	 * Whether so many bytes more can be kept; true also where that is not known. It is tried with an empty file of that
	 * size, for Chromium's `navigator.storage.estimate()` tells of 10 GiB whatever the quota is.
	 */
	async hasRoomFor(bytes: number): Promise<boolean> {
		const name = "room";
		try {
			const handle = await this.#folder.getFileHandle(name, { create: true });
			const access = await handle.createSyncAccessHandle();
			try {
				access.truncate(bytes);
				// Chromium 156 does not throw.
				return access.getSize() === bytes;
			} finally {
				access.close();
			}
		} catch (error) {
			return !isQuotaExceeded(error);
		} finally {
			await this.remove(name);
		}
	}

	/**
	 * Notes that the model at `owner` needs the files of these names and no others, and keeps them
	 * from being swept away while this Worker lives. Call it before they are downloaded.
	 */
	async claim(owner: string, names: string[]): Promise<void> {
		await Promise.all(names.map(holdWhileAlive));
		await this.#changeOwners((owners) => ({ ...owners, [owner]: names }));
	}

	/**
	 * Forgets what the model at `owner` needs, and deletes what nobody needs any more.
	 *
	 * @throws KinoraError `storage` while a tab, this one or another, reads a file that would be deleted.
	 */
	async forget(owner: string): Promise<void> {
		const { [owner]: own = [], ...others } = (await this.#owners()) ?? {};
		const shared = new Set(Object.values(others).flat());
		const unneeded = [...new Set(own)].filter((name) => !shared.has(name));
		await whileUnused(unneeded, () => this.#changeOwners(({ [owner]: _, ...others }) => others));
		await this.sweep();
	}

	/** Deletes the files, also partial ones, that no model needs and no open tab reads. */
	async sweep(): Promise<void> {
		await navigator.locks.request(ownersLock, async () => {
			const owners = await this.#owners();
			if (!owners) return;
			const needed = new Set(Object.values(owners).flat());
			const names: string[] = [];
			for await (const name of this.#folder.keys()) names.push(name);
			for (const name of names) {
				const sha256 = name.replace(/\.part$/, "");
				if (name === ownersFile || needed.has(sha256)) continue;
				await ifUnused(sha256, () => this.remove(name));
			}
		});
	}

	async #changeOwners(change: (owners: Owners) => Owners): Promise<void> {
		await navigator.locks.request(ownersLock, async () => {
			const owners = change((await this.#owners()) ?? {});
			const handle = await this.#folder.getFileHandle(ownersFile, { create: true });
			const access = await handle.createSyncAccessHandle();
			try {
				replaceContent(access, new TextEncoder().encode(JSON.stringify(owners)));
			} finally {
				access.close();
			}
		});
	}

	/** Undefined when there is no list, or one that cannot be read. */
	async #owners(): Promise<Owners | undefined> {
		try {
			const handle = await this.#folder.getFileHandle(ownersFile);
			return JSON.parse(await (await handle.getFile()).text()) as Owners;
		} catch {
			return undefined;
		}
	}

	/** How much of a file has arrived so far, in whatever tab downloads it. */
	async arrived(sha256: string): Promise<number> {
		return sizeOf(this.#folder, partName(sha256));
	}

	async remove(name: string): Promise<void> {
		await this.#folder.removeEntry(name).catch(() => undefined);
	}
}

/** Writes a small file anew; where there is no room for that it stays as it was. @throws as `write`. */
function replaceContent(access: FileSystemSyncAccessHandle, content: Uint8Array<ArrayBuffer>) {
	const before = new Uint8Array(access.getSize());
	access.read(before, { at: 0 });
	try {
		write(access, content, 0);
		access.truncate(content.length);
	} catch (error) {
		// There is room for what was there.
		access.truncate(before.length);
		write(access, before, 0);
		throw error;
	}
}

/** @throws DOMException `QuotaExceededError` when there is no room for all of the bytes. */
function write(access: FileSystemSyncAccessHandle, bytes: Uint8Array<ArrayBuffer>, at: number) {
	// Instead of throwing when the quota is reached, browsers may write less, and Chromium 156
	// returns an error number as a huge count.
	if (access.write(bytes, { at }) !== bytes.length) {
		throw new DOMException("The disk or the quota is full", "QuotaExceededError");
	}
}

/** Whether the disk or what the browser grants a site is full. */
export function isQuotaExceeded(error: unknown): boolean {
	return error instanceof Error && error.name === "QuotaExceededError";
}

/** A partial download on disk. It takes its final name only when it is complete and verified. */
export class PartFile implements Part {
	readonly #handle: MovableFile;
	readonly #access: FileSystemSyncAccessHandle;
	readonly #name: string;
	#size: number;

	constructor(handle: MovableFile, access: FileSystemSyncAccessHandle, name: string) {
		this.#handle = handle;
		this.#access = access;
		this.#name = name;
		this.#size = access.getSize();
	}

	get size(): number {
		return this.#size;
	}

	*chunks(): Iterable<Uint8Array<ArrayBuffer>> {
		const buffer = new Uint8Array(4 * 2 ** 20);
		for (let at = 0; at < this.#size; ) {
			const read = this.#access.read(buffer, { at });
			if (read === 0) return;
			yield buffer.subarray(0, read);
			at += read;
		}
	}

	append(chunk: Uint8Array<ArrayBuffer>): void {
		write(this.#access, chunk, this.#size);
		this.#size += chunk.length;
	}

	restart(): void {
		this.#access.truncate(0);
		this.#size = 0;
	}

	async complete(): Promise<Blob> {
		this.close();
		await this.#handle.move(this.#name);
		return this.#handle.getFile();
	}

	/** Keeps what is there for the next visit. */
	close(): void {
		this.#access.flush();
		this.#access.close();
	}
}
