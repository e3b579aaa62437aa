/** Advice about a connection that breaks off. */
export const checkConnection = "Check the connection and try again.";

/** Advice about a part of Kinora itself that is not there: a site that was changed has only those of its new pages. */
export const reloadPage = "Reload the page: the site may have a newer version of it by now.";

/** Advice about an address that cannot be reached. Browsers do not tell why, so it names what is possible. */
export function whatToCheck(url: string): string {
	const elsewhere = new URL(url).origin !== globalThis.location?.origin;
	return elsewhere
		? "Check the connection, and that the server lets other sites read its files (CORS)."
		: checkConnection;
}
