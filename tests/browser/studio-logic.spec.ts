import { expect, test } from "@playwright/test";
import { type GenerateOptions, resolveOptions } from "../../web/src/client/options.js";
import type { KinoraError } from "../../web/src/errors.js";
import { type Manifest, parseManifest } from "../../web/src/manifest.js";
import { clipSettings } from "../../web/src/studio/clip-settings.js";
import { fileName } from "../../web/src/studio/file-name.js";
import {
	keepSettings,
	keptSettings,
	lastClipIsUnfinished,
} from "../../web/src/studio/kept-settings.js";
import { Pace } from "../../web/src/studio/pace.js";
import { replacedText } from "../../web/src/studio/replaced-text.js";
import { TimeLeft } from "../../web/src/studio/time-left.js";
import { insertWord, markUnknownWords, unknownWords } from "../../web/src/studio/words.js";
import type { Clip, ClipParams } from "../../web/src/worker/protocol.js";

const known = new Set(["a", "red", "ball", "o’clock"]);

test("unknown words are found, but not the one being typed", () => {
	const find = (prompt: string, typing = false) =>
		unknownWords(markUnknownWords(prompt, known, typing));
	expect(find("A red ball.")).toEqual([]);
	expect(find("a blue ball, a BLUE crêpe")).toEqual(["blue", "crêpe"]);
	expect(find("a red balloo", true)).toEqual([]);
	expect(find("a red balloo ", true)).toEqual(["balloo"]);
	expect(find("o’clock")).toEqual([]);
	expect(unknownWords(markUnknownWords("anything", new Set(), false))).toEqual([]);
});

test("Chinese is cut into the longest known words, without spaces", () => {
	const chinese = new Set(["a", "red", "红色", "红", "皮卡", "皮卡车", "沙漠", "在", "里"]);
	const find = (prompt: string, typing = false) =>
		unknownWords(markUnknownWords(prompt, chinese, typing));
	expect(find("红色皮卡车在沙漠里")).toEqual([]);
	expect(find("红皮卡，沙漠。")).toEqual([]);
	expect(find("红色轿车在沙漠里飞驰")).toEqual(["轿车", "飞驰"]);
	expect(find("色红色皮")).toEqual(["色", "皮"]);
	expect(find("a red皮卡, a blue沙漠龙blue")).toEqual(["blue", "龙"]);
	expect(find("红色皮", true)).toEqual([]);
	expect(find("轿车红色", true)).toEqual(["轿车"]);
	expect(unknownWords(markUnknownWords("a 红色 ball", known, false))).toEqual(["红色"]);
});

test("marked stretches are the whole prompt", () => {
	for (const prompt of ["  a blue\n ball — blue! ", "a 红色𠀀皮卡，ball"]) {
		const stretches = markUnknownWords(prompt, known, false);
		expect(stretches.map(({ text }) => text).join("")).toBe(prompt);
	}
});

test("a word is inserted with the spaces it needs", () => {
	const insert = (prompt: string, start: number, end = start) =>
		insertWord(prompt, "red", start, end);
	expect(insert("", 0)).toEqual({ prompt: "red", cursor: 3 });
	expect(insert("a", 1)).toEqual({ prompt: "a red", cursor: 5 });
	expect(insert("a ball", 2)).toEqual({ prompt: "a red ball", cursor: 5 });
	expect(insert("a blue ball", 2, 6)).toEqual({ prompt: "a red ball", cursor: 5 });
	expect(insert("the ball is, well", 11)).toEqual({ prompt: "the ball is red, well", cursor: 15 });
});

test("a word is inserted among Han characters without spaces", () => {
	const insert = (prompt: string, start: number, word = "红色") =>
		insertWord(prompt, word, start, start);
	expect(insert("皮卡在沙漠里", 0)).toEqual({ prompt: "红色皮卡在沙漠里", cursor: 2 });
	expect(insert("傍晚，皮卡", 3)).toEqual({ prompt: "傍晚，红色皮卡", cursor: 5 });
	expect(insert("皮卡。", 2)).toEqual({ prompt: "皮卡红色。", cursor: 4 });
	expect(insert("a ball", 2)).toEqual({ prompt: "a 红色 ball", cursor: 4 });
	expect(insert("皮卡", 2, "red")).toEqual({ prompt: "皮卡 red", cursor: 6 });
});

const manifest = {
	format: "kinora-model/1",
	name: "toy",
	title: "Toy",
	files: [],
	sampler: { name: "euler", steps: 12, guidance: 2, shift: 3, negative_prompt: "" },
	sizes: [{ label: "1:1", width: 64, height: 64 }],
	frames: [36, 9, 18],
	fps: 12,
	vocabulary: [],
	known_words: [],
	examples: [],
} as unknown as Manifest;

test("the number of frames is the one nearest to the seconds at the frame rate", () => {
	const resolve = (options: { seconds?: number; fps?: number }, frame_rates?: number[]) => {
		const model = frame_rates ? { ...manifest, frame_rates } : manifest;
		const { frames, fps, seconds } = resolveOptions(model, { prompt: "a ball", ...options });
		return { frames, fps, seconds };
	};
	expect(resolve({})).toEqual({ frames: 36, fps: 12, seconds: 3 });
	expect(resolve({ seconds: 1 })).toEqual({ frames: 9, fps: 12, seconds: 0.75 });
	expect(resolve({ seconds: 1.5, fps: 24 }, [8, 12, 24])).toEqual({
		frames: 36,
		fps: 24,
		seconds: 1.5,
	});
	expect(resolve({ seconds: 1.2, fps: 8 }, [8, 12, 24])).toMatchObject({ frames: 9, fps: 8 });
	expect(resolve(resolve({ fps: 30, seconds: 0.6 }))).toMatchObject({ frames: 18, fps: 30 });
	expect(() => resolve({ fps: 10 }, [8, 12, 24])).toThrow(/10; this model makes .* 8, 12, 24/);
	expect(() => resolve({ fps: 0 })).toThrow(/"fps" is 0/);
});

test("a length that is none is refused, and so is a prompt that was forgotten", () => {
	const code = (options: Partial<GenerateOptions>) => {
		try {
			resolveOptions(manifest, { prompt: "a ball", ...options } as GenerateOptions);
			return "none";
		} catch (error) {
			return (error as KinoraError).code;
		}
	};
	expect(code({ seconds: 0.01 })).toBe("none");
	for (const seconds of [Number.NaN, 0, -1, Number.POSITIVE_INFINITY]) {
		expect(code({ seconds }), `${seconds} seconds`).toBe("bad-input");
	}
	for (const prompt of [undefined, null, " "]) {
		expect(code({ prompt: prompt as string }), `the prompt ${prompt}`).toBe("empty-prompt");
	}
});

test("a negative prompt counts only with guidance", () => {
	const negativePrompt = (guidance: number, text: string) =>
		resolveOptions(manifest, { prompt: "a ball", guidance, negativePrompt: text }).negativePrompt;
	expect(negativePrompt(2, "fog")).toBe("fog");
	expect(negativePrompt(1, "fog")).toBe("");
	expect(negativePrompt(1, "f".repeat(3000))).toBe("");
	expect(() => negativePrompt(2, "f".repeat(3000))).toThrow(/^The negative prompt has 3,000/);
});

test("controls are as they were left, as far as the model still has what they stood at", () => {
	const [tab, all] = [storageInMemory(), storageInMemory()];
	Object.assign(globalThis, { sessionStorage: tab, localStorage: all });
	const left = {
		...keptSettings(manifest),
		prompt: "a ball",
		frames: 9,
		fps: 30,
		seedLocked: true,
	};
	keepSettings(manifest, left, false);
	expect(keptSettings(manifest)).toEqual(left);
	expect(lastClipIsUnfinished(manifest)).toBe(false);
	keepSettings(manifest, left, true);
	expect(keptSettings(manifest)).toEqual(left);
	expect(lastClipIsUnfinished(manifest)).toBe(true);
	expect(keptSettings({ ...manifest, name: "other" })).toMatchObject({ prompt: "", frames: 36 });
	const changed = { ...manifest, frames: [17], frame_rates: [12, 24] };
	expect(keptSettings(changed)).toEqual({ ...left, frames: 17, fps: 12 });
	const gentler = { ...manifest, sampler: { ...manifest.sampler, guidance: 1.5 } };
	expect(keptSettings(gentler), "what was not touched").toEqual({ ...left, guidance: 1.5 });

	Object.assign(globalThis, { sessionStorage: storageInMemory() });
	expect(keptSettings(manifest), "in another tab").toEqual(left);
	expect(lastClipIsUnfinished(manifest)).toBe(false);
	keepSettings(manifest, { ...left, prompt: "a box" }, false);
	Object.assign(globalThis, { sessionStorage: tab });
	expect(keptSettings(manifest), "in this tab").toEqual(left);

	for (const key of tab.keys())
		tab.setItem(key, '{"prompt":7,"size":1,"toString":"x","steps":"4"}');
	expect(keptSettings(manifest)).toMatchObject({ prompt: "", size: 0, steps: 12 });
	expect(Object.hasOwn(keptSettings(manifest), "toString")).toBe(false);
	for (const key of tab.keys()) tab.setItem(key, "{");
	for (const key of all.keys()) all.setItem(key, "7");
	expect(keptSettings(manifest)).toMatchObject({ prompt: "", seedLocked: false });
});

function storageInMemory() {
	const values = new Map<string, string>();
	return {
		keys: () => values.keys(),
		getItem: (key: string) => values.get(key) ?? null,
		setItem: (key: string, value: string) => void values.set(key, value),
	};
}

test("settings of a clip are those that the model still has; the others are named", () => {
	const params = {
		...{ prompt: "a ball", negativePrompt: "fog", width: 64, height: 64, frames: 9 },
		...{ fps: 12, steps: 4, guidance: 2, seed: 7 },
	} as ClipParams;
	const { settings, missing } = clipSettings(manifest, params);
	expect(missing).toEqual([]);
	expect(settings).toEqual({
		...{ prompt: "a ball", negativePrompt: "fog", size: 0, frames: 9 },
		...{ fps: 12, steps: 4, guidance: 2, seed: 7, seedLocked: true },
	});
	expect(clipSettings(manifest, { ...params, guidance: 1 }).settings).not.toHaveProperty(
		"negativePrompt",
	);

	const changed = {
		...{ ...manifest, frames: [17], frame_rates: [8] },
		sizes: [{ label: "16:9", width: 112, height: 64 }],
	};
	const other = clipSettings(changed, params);
	expect(other.missing).toEqual(["length", "frame rate", "shape"]);
	expect(Object.keys(other.settings)).not.toContain("size");
	expect(other.settings).toMatchObject({ prompt: "a ball", steps: 4, seed: 7 });
});

test("what was typed can be put back, whatever replaces it after that", () => {
	const model = { ...manifest, examples: ["a red ball", "a blue boat"] };
	const text = (prompt: string, negativePrompt = "") => ({ prompt, negativePrompt });
	const [typed, clip] = [text("my words"), text("of a clip", "fog")];
	const [ball, boat] = [text("a red ball"), text("a blue boat")];
	for (const before of [text(""), text("  "), ball, boat]) {
		expect(replacedText(model, undefined, before, boat), before.prompt).toBeUndefined();
	}
	expect(replacedText(model, undefined, typed, typed), "nothing is replaced").toBeUndefined();

	const once = replacedText(model, undefined, typed, ball);
	const twice = replacedText(model, once, ball, clip);
	const thrice = replacedText(model, twice, clip, boat);
	for (const replaced of [once, twice, thrice]) expect(replaced?.text).toEqual(typed);
	expect(replacedText(model, thrice, boat, typed), "it is back").toBeUndefined();

	const edited = text("a blue boat at night");
	expect(replacedText(model, thrice, edited, ball)?.text, "the latest").toEqual(edited);
	expect(replacedText(model, thrice, edited, typed)?.text, "in exchange").toEqual(edited);
	const unwanted = text("a red ball", "rain");
	expect(replacedText(model, undefined, unwanted, clip)?.text).toEqual(unwanted);
});

test("frame rates that are none are refused with the model", () => {
	const parse = (frame_rates: unknown) =>
		parseManifest({ ...manifest, frame_rates }, "https://example.org/model.json");
	expect(parse([8, 23.976]).frame_rates).toEqual([8, 23.976]);
	expect(parse(undefined).frame_rates).toBeUndefined();
	for (const wrong of [8, [0], ["8"]]) expect(() => parse(wrong)).toThrow(/"frame_rates"/);
});

test("file names are safe and tell model, prompt and time", () => {
	const name = (prompt: string, mimeType = "video/mp4") =>
		fileName(
			{ mimeType, params: { model: "nano", prompt } } as Clip,
			new Date("2026-03-04T05:06:07.890Z"),
		);
	expect(name("A red ball!")).toBe("nano_a-red-ball_20260304-050607.mp4");
	expect(name("../../etc/passwd")).toBe("nano_etc-passwd_20260304-050607.mp4");
	expect(name("💥")).toBe("nano_clip_20260304-050607.mp4");
	expect(name("x".repeat(300), 'video/webm; codecs="vp9"')).toHaveLength(86);
});

test("the pace of a download is that of the last seconds, without files that were there", () => {
	const pace = new Pace();
	pace.update(0, 0);
	expect(pace.perSecond()).toBeUndefined();
	pace.update(900, 500);
	expect(pace.perSecond()).toBeUndefined();
	for (let second = 1; second <= 12; second++) pace.update(900 + 50 * second, 1000 * second);
	expect(pace.perSecond()).toBe(50);
	pace.update(0, 12_500);
	expect(pace.perSecond(), "begun anew").toBeUndefined();
	pace.update(20, 13_500);
	expect(pace.perSecond()).toBe(20);
});

test("the time left follows the pace of the steps, and the fraction never goes back", () => {
	const time = new TimeLeft(true, { model: "toy", size: 1, passes: 10 }, 0);
	expect(time.seconds(0)).toBeUndefined();
	time.update({ phase: "text", done: 0, total: 1 }, 100);
	const fractions: number[] = [];
	for (let step = 0; step <= 10; step++) {
		const now = 1000 + step * 2000;
		time.update({ phase: "denoise", done: step, total: 10 }, now);
		fractions.push(time.fraction(now));
	}
	expect(fractions).toEqual(fractions.toSorted((a, b) => a - b));
	expect(fractions.at(-1)).toBeGreaterThan(0.8);
});

test("the time left counts the steps that are left and the decoding", () => {
	const time = new TimeLeft(true, { model: "toy", size: 1, passes: 10 }, 0);
	time.update({ phase: "denoise", done: 0, total: 10 }, 0);
	time.update({ phase: "denoise", done: 5, total: 10 }, 30_000);
	const secondsOfAStep = 6;
	const left = time.seconds(30_000) ?? 0;
	expect(left).toBeGreaterThan(5 * secondsOfAStep);
	expect(left).toBeLessThan(15 * secondsOfAStep);
});

test("networks that are loaded in between do not bring the time left back", () => {
	Object.assign(globalThis, { localStorage: storageInMemory() });
	const reports = [
		{ phase: "compile", done: 1, total: 1, seconds: 1 },
		{ phase: "text", done: 0, total: 1, seconds: 0 },
		{ phase: "load", done: 0, total: 10, seconds: 0 },
		{ phase: "load", done: 10, total: 10, seconds: 5 },
		{ phase: "text", done: 1, total: 1, seconds: 5 },
		{ phase: "load", done: 0, total: 10, seconds: 0 },
		{ phase: "load", done: 10, total: 10, seconds: 10 },
		{ phase: "denoise", done: 0, total: 2, seconds: 0 },
		{ phase: "denoise", done: 1, total: 2, seconds: 100 },
		{ phase: "denoise", done: 2, total: 2, seconds: 100 },
		{ phase: "load", done: 0, total: 10, seconds: 0 },
		{ phase: "load", done: 10, total: 10, seconds: 5 },
		{ phase: "decode", done: 0, total: 1, seconds: 0 },
		{ phase: "decode", done: 1, total: 1, seconds: 30 },
	] as const;
	/** What is left after each report. */
	const run = () => {
		const time = new TimeLeft(true, { model: "large", size: 1, passes: 2 }, 0);
		let now = 0;
		const left = reports.map(({ seconds, ...report }) => {
			now += 1000 * seconds;
			time.update(report, now);
			return { ...report, left: time.seconds(now), fraction: time.fraction(now) };
		});
		time.finish(now);
		return left;
	};
	const loadAfterDenoising = 10;
	const [first, second] = [run(), run()];
	expect(first[loadAfterDenoising]?.left, "no step is left").toBe(first[9]?.left);
	expect(second[loadAfterDenoising]?.left).toBeCloseTo(30, 0);
	for (const [index, { phase, done, left = 0 }] of second.entries()) {
		const before = second[index - 1]?.left ?? left;
		expect(left, `seconds left after ${phase} ${done}`).toBeLessThanOrEqual(before);
	}
	expect(second[1]?.left, "with all that is loaded").toBeGreaterThan(230);
});
