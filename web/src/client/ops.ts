import type { OpRow } from "../engine.js";
import { Connection } from "./connection.js";
import { listener } from "./listener.js";
import { wasmUrl } from "./locations.js";

/**
 * Runs the engine's op table on this browser's GPU: every kernel against its CPU reference.
 *
 * @param filter Only ops whose name contains this.
 * @param onRow Called with each row as soon as it is measured.
 */
export async function runOps(
	filter: string | undefined,
	onRow: (row: OpRow) => void,
): Promise<OpRow[]> {
	const connection = new Connection();
	try {
		return await connection.call((api) => api.ops(wasmUrl, filter, listener(onRow)));
	} finally {
		connection.close();
	}
}
