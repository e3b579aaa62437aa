import type { Page } from "@playwright/test";

/** Changes bytes of a model file that the browser keeps for the page. */
export async function overwrite(page: Page, name: string, position: number, bytes: number[]) {
	await page.evaluate(
		async ({ name, position, bytes }) => {
			const root = await navigator.storage.getDirectory();
			const folder = await root.getDirectoryHandle("kinora-models");
			const handle = await folder.getFileHandle(name);
			const writable = await handle.createWritable({ keepExistingData: true });
			await writable.write({ type: "write", position, data: new Uint8Array(bytes) });
			await writable.close();
		},
		{ name, position, bytes },
	);
}

/** Names of the model files that the browser keeps for the page. */
export async function storedFiles(page: Page): Promise<string[]> {
	return page.evaluate(async () => {
		const root = await navigator.storage.getDirectory();
		const names: string[] = [];
		for await (const name of (await root.getDirectoryHandle("kinora-models")).keys()) {
			names.push(name);
		}
		return names;
	});
}

/** A text file among the model files that the browser keeps for the page. */
export async function storedText(page: Page, name: string): Promise<string> {
	return page.evaluate(async (name) => {
		const root = await navigator.storage.getDirectory();
		const folder = await root.getDirectoryHandle("kinora-models");
		return (await (await folder.getFileHandle(name)).getFile()).text();
	}, name);
}

/** From now on, the page may keep no more than so many bytes. */
export async function limitStorage(page: Page, quotaSize: number): Promise<void> {
	const session = await page.context().newCDPSession(page);
	const { origin } = new URL(page.url());
	await session.send("Storage.overrideQuotaForOrigin", { origin, quotaSize });
}
