import type { Manifest } from "../manifest.js";
import { folderName, partName } from "./file-names.js";

/** How many bytes of a model this browser keeps, those of a download that was broken off included. */
export async function storedBytes({ files }: Manifest): Promise<number> {
	try {
		const root = await navigator.storage.getDirectory();
		const folder = await root.getDirectoryHandle(folderName);
		const names = files.flatMap(({ sha256 }) => [sha256, partName(sha256)]);
		const sizes = await Promise.all([...new Set(names)].map((name) => sizeOf(folder, name)));
		return sizes.reduce((sum, size) => sum + size, 0);
	} catch {
		return 0;
	}
}

/** The size of a file in bytes; 0 when there is none. */
export async function sizeOf(folder: FileSystemDirectoryHandle, name: string): Promise<number> {
	try {
		return (await (await folder.getFileHandle(name)).getFile()).size;
	} catch {
		return 0;
	}
}
