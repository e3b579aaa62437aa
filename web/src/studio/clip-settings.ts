import type { ClipSize } from "../engine.js";
import type { Manifest } from "../manifest.js";
import type { ClipParams } from "../worker/protocol.js";
import { settingsThatFit } from "./kept-settings.js";
import type { Settings } from "./state.js";

/** What people know the controls of a clip's settings by, where that is another word. */
const controls: Partial<Record<string, string>> = {
	size: "shape",
	frames: "length",
	fps: "frame rate",
};

/**
 * What the controls stand at to make a clip again, with its seed locked; and which of them cannot, for the
 * model may have changed since.
 *
 * @example
 * const { settings, missing } = clipSettings(manifest, clip.params);
 * if (missing.length > 0) showMessage(`Choose the ${missing.join(" and ")} yourself.`);
 */
export function clipSettings(
	manifest: Manifest,
	params: ClipParams,
): { settings: Partial<Settings>; missing: string[] } {
	const { prompt, negativePrompt, frames, fps, steps, guidance, seed } = params;
	const wanted = {
		...{ prompt, frames, fps, steps, guidance, seed, seedLocked: true },
		size: sizeIndex(manifest, params),
		// A clip without guidance has none, which is no reason to lose what is in the box.
		...(guidance > 1 && { negativePrompt }),
	};
	const settings = settingsThatFit(manifest, wanted);
	const missing = Object.keys(wanted).filter((name) => !Object.hasOwn(settings, name));
	return { settings, missing: missing.map((name) => controls[name] ?? name) };
}

/** Where a picture size is among the model's; -1 when it is not. */
export function sizeIndex({ sizes }: Manifest, { width, height }: ClipSize): number {
	return sizes.findIndex((size) => size.width === width && size.height === height);
}
