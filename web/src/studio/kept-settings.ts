/**
 * The controls as the visitor left them, so that neither a reload nor a crash loses a prompt: for every
 * tab its own, which a reload finds again, and the last ones of all tabs for a new one.
 */

import { randomSeed } from "../client/options.js";
import { defaultSize, type Manifest } from "../manifest.js";
import type { Settings } from "./state.js";
import { type Place, readStored, writeStored } from "./stored.js";

/** What a model's controls stood at the last time, with its defaults for what it no longer has. */
export function keptSettings(manifest: Manifest): Settings {
	const kept = read("sessionStorage", manifest) ?? read("localStorage", manifest) ?? {};
	return { ...defaultSettings(manifest), ...settingsThatFit(manifest, kept) };
}

/** Those of some values that the model's controls can stand at. */
export function settingsThatFit(manifest: Manifest, values: object): Partial<Settings> {
	const settings = defaultSettings(manifest);
	const choices: Partial<Record<keyof Settings, readonly unknown[]>> = {
		size: [...manifest.sizes.keys()],
		frames: manifest.frames,
		...(manifest.frame_rates?.length && { fps: manifest.frame_rates }),
	};
	const fits = ([name, value]: [string, unknown]) => {
		const key = name as keyof Settings;
		if (!Object.hasOwn(settings, key) || typeof value !== typeof settings[key]) return false;
		return choices[key]?.includes(value) ?? true;
	};
	return Object.fromEntries(Object.entries(values).filter(fits));
}

/** Whether this tab's last clip was neither finished nor cancelled: the tab died, or the clip failed. */
export function lastClipIsUnfinished(manifest: Manifest): boolean {
	return Reflect.get(read("sessionStorage", manifest) ?? {}, "unfinished") === true;
}

/** Writes down what the controls stand at, where the browser allows it; defaults may change with the model. */
export function keepSettings(manifest: Manifest, settings: Settings, unfinished: boolean): void {
	const defaults = defaultSettings(manifest);
	const isChanged = ([name, value]: [string, unknown]) =>
		value !== defaults[name as keyof Settings];
	const changed = Object.fromEntries(Object.entries(settings).filter(isChanged));
	writeStored("localStorage", keyOf(manifest), changed);
	writeStored("sessionStorage", keyOf(manifest), { ...changed, unfinished });
}

function read(place: Place, manifest: Manifest): object | undefined {
	const kept = readStored(place, keyOf(manifest));
	return kept === undefined ? undefined : Object(kept);
}

function keyOf({ name }: Manifest): string {
	return `kinora/settings/${name}`;
}

function defaultSettings(manifest: Manifest): Settings {
	return {
		prompt: "",
		negativePrompt: manifest.sampler.negative_prompt ?? "",
		size: 0,
		frames: defaultSize(manifest).frames,
		fps: manifest.fps,
		steps: manifest.sampler.steps,
		guidance: manifest.sampler.guidance,
		seed: randomSeed(),
		seedLocked: false,
	};
}
