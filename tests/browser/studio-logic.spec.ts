import { expect, test } from "@playwright/test";
import { fileName } from "../../web/src/studio/file-name.js";
import { TimeLeft } from "../../web/src/studio/time-left.js";
import { insertWord, markUnknownWords, unknownWords } from "../../web/src/studio/words.js";
import type { Clip } from "../../web/src/worker/protocol.js";

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

test("marked stretches are the whole prompt", () => {
	const prompt = "  a blue\n ball — blue! ";
	const stretches = markUnknownWords(prompt, known, false);
	expect(stretches.map(({ text }) => text).join("")).toBe(prompt);
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

test("the time left follows the pace of the steps, and the fraction never goes back", () => {
	const time = new TimeLeft(true, { size: 1, steps: 10 }, 0);
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
	const time = new TimeLeft(true, { size: 1, steps: 10 }, 0);
	time.update({ phase: "denoise", done: 0, total: 10 }, 0);
	time.update({ phase: "denoise", done: 5, total: 10 }, 30_000);
	const secondsOfAStep = 6;
	const left = time.seconds(30_000) ?? 0;
	expect(left).toBeGreaterThan(5 * secondsOfAStep);
	expect(left).toBeLessThan(15 * secondsOfAStep);
});
