import { cancelled, KinoraError } from "../errors.js";
import { type ModelLocation, parseManifest } from "../manifest.js";
import { whatToCheck } from "../what-to-check.js";

/**
 * Fetches and checks a model's `model.json`.
 *
 * @param model Address of a `model.json`, or of the folder that holds one.
 * @throws KinoraError `network` when it cannot be fetched, `bad-model` when it is not a manifest, `bad-input` when
 * the address is none, `cancelled` when the signal stopped it.
 * @example
 * const { manifest } = await fetchManifest("https://example.org/models/nano/");
 * console.log(manifest.title, manifest.sizes);
 */
export async function fetchManifest(
	model: string | URL,
	signal?: AbortSignal,
): Promise<ModelLocation> {
	const url = manifestUrl(model);
	const broken = (error: unknown): never => {
		// Whatever reason the signal has: AbortSignal.timeout() has one of its own.
		if (signal?.aborted) throw cancelled();
		throw new KinoraError(
			"network",
			`The model description ${url} could not be fetched (${String(error)}). ${whatToCheck(url)}`,
		);
	};
	const response = await fetch(url, { signal: signal ?? null }).catch(broken);
	if (!response.ok) {
		throw new KinoraError(
			"network",
			`The model description ${url} could not be fetched (HTTP ${response.status}). Check the address of the model.`,
		);
	}
	const text = await response.text().catch(broken);
	return { manifest: parseManifest(parsed(text), url), url };
}

/** Undefined for what is not JSON. */
function parsed(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}

/** The address of `model.json` for a model given by file or folder. */
export function manifestUrl(model: string | URL): string {
	const url = addressOf(model);
	if (!url.pathname.endsWith(".json")) {
		url.pathname = `${url.pathname.replace(/\/$/, "")}/model.json`;
	}
	return url.href;
}

function addressOf(model: string | URL): URL {
	try {
		return new URL(model, document.baseURI);
	} catch {
		throw new KinoraError(
			"bad-input",
			`"${model}" is no address of a model. Give that of a model.json, or of the folder that holds it.`,
		);
	}
}
