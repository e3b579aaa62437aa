/**
 * Asks the browser not to clear this site's files away when the disk fills up. Not waited for: some
 * browsers ask the visitor, who may take their time, and the files are of use either way.
 */
export function askToPersist(): void {
	navigator.storage?.persist?.().catch(() => undefined);
}
