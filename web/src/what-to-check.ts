/** Advice about a connection that breaks off. */
export const checkConnection = "Check the connection and try again.";

/** Advice about an address that cannot be reached. Browsers do not tell why, so it names what is possible. */
export function whatToCheck(url: string): string {
	const elsewhere = new URL(url).origin !== globalThis.location?.origin;
	return elsewhere
		? "Check the connection, and that the server lets other sites read its files (CORS)."
		: checkConnection;
}
