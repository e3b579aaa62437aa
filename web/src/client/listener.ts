import * as Comlink from "comlink";

/**
 * A listener of the page as the Worker can call it. What it returns does not travel back, and what it throws is reported
 * as the page's own error: neither is a reason to stop a clip.
 */
export function listener<T>(listen: ((value: T) => unknown) | undefined): (value: T) => void {
	return Comlink.proxy((value: T): void => {
		try {
			listen?.(value);
		} catch (error) {
			reportError(error);
		}
	});
}
