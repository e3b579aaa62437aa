import type { Manifest } from "../manifest.js";
import type { Settings } from "./state.js";

/** What a visitor writes. */
type Text = Pick<Settings, "prompt" | "negativePrompt">;

/** What was typed before the page put something else in its place. */
export interface ReplacedText {
	text: Text;
	/** What the page has put there since. */
	by: Text;
}

/**
 * What can be put back once `after` has taken the place of `before`: the last text that was typed. What the
 * page has put there itself, or has to offer, is not worth it.
 *
 * @param last What could be put back until now.
 * @example
 * const examples = { ...manifest, examples: ["a red ball"] };
 * const [typed, example] = ["a bleu boat", "a red ball"].map((prompt) => ({ prompt, negativePrompt: "" }));
 * replacedText(examples, undefined, typed, example); // { text: typed, by: example }
 */
export function replacedText(
	manifest: Manifest,
	last: ReplacedText | undefined,
	before: Text,
	after: Text,
): ReplacedText | undefined {
	const offered = {
		prompt: [...manifest.examples, last?.by.prompt],
		negativePrompt: [manifest.sampler.negative_prompt, last?.by.negativePrompt],
	};
	const isLost = (name: keyof Text) =>
		before[name].trim() !== "" &&
		before[name] !== after[name] &&
		!offered[name].includes(before[name]);
	const text = isLost("prompt") || isLost("negativePrompt") ? before : last?.text;
	if (!text || isSame(text, after)) return undefined;
	return { text: textOf(text), by: textOf(after) };
}

function textOf({ prompt, negativePrompt }: Text): Text {
	return { prompt, negativePrompt };
}

function isSame(a: Text, b: Text): boolean {
	return a.prompt === b.prompt && a.negativePrompt === b.negativePrompt;
}
