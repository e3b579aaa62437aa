/**
 * Clips that are made without having been asked for. A browser reloads a tab that died, of too little
 * memory for example, and a clip that started by itself again would take it down again, over and over.
 */

// Frames of one tab share their storage.
const place = `kinora/making-by-itself/${location.href}`;
const diedOfIt = takeMark();
let running = 0;

/** False when this page died the last time that a clip was made by itself. */
export function mayStartByItself(): boolean {
	return !diedOfIt;
}

/** Makes a clip such that its end is noticed, and the page's too; only the tab's death is not. */
export async function startByItself(make: () => Promise<unknown>): Promise<void> {
	running += 1;
	setMark();
	addEventListener("pagehide", takeMark, { once: true });
	await make();
	running -= 1;
	if (running === 0) takeMark();
}

function setMark(): void {
	try {
		sessionStorage.setItem(place, "");
	} catch {
		// Where a page may not store anything, nothing can be known about the last time.
	}
}

/** Takes the mark away; says whether there was one. */
function takeMark(): boolean {
	try {
		const isThere = sessionStorage.getItem(place) !== null;
		sessionStorage.removeItem(place);
		return isThere;
	} catch {
		return false;
	}
}
