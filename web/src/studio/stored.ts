/** Values that outlive the page: of this tab in sessionStorage, of all tabs in localStorage. */
export type Place = "localStorage" | "sessionStorage";

/** What was stored, whoever wrote it; undefined where there is nothing, or nothing may be read. */
export function readStored(place: Place, key: string): unknown {
	try {
		return JSON.parse(globalThis[place].getItem(key) ?? "");
	} catch {
		return undefined;
	}
}

/** Stores a value, where the browser allows it: nothing here is more than a convenience. */
export function writeStored(place: Place, key: string, value: object): void {
	try {
		globalThis[place].setItem(key, JSON.stringify(value));
	} catch {
		// The page works without; only a reload forgets.
	}
}
