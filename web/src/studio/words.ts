/** What the model's vocabulary says about a prompt. */

/** A stretch of a prompt, marked when the model does not know the word. */
export interface Stretch {
	text: string;
	unknown: boolean;
}

const letter = "(?:(?!\\p{Script=Han})[\\p{L}\\p{N}])";
/** A run of Han characters, or a word of other letters and digits. */
const wordPattern = new RegExp(`\\p{Script=Han}+|${letter}+(?:['’-]${letter}+)*`, "gu");

/** What is written without spaces: Han characters, and the punctuation as wide as they are. */
const unspaced = "[\\p{Script=Han}\\u3000-\\u303f\\uff00-\\uffef]";
const startsUnspaced = new RegExp(`^${unspaced}`, "u");
const endsUnspaced = new RegExp(`${unspaced}$`, "u");

/**
 * Cuts a prompt into stretches of known and unknown text. The word that is still being typed at
 * the end counts as known, so that the page does not point at every half word.
 */
export function markUnknownWords(
	prompt: string,
	knownWords: ReadonlySet<string>,
	stillTyping: boolean,
): Stretch[] {
	if (knownWords.size === 0) return [{ text: prompt, unknown: false }];
	const stretches: Stretch[] = [];
	let at = 0;
	for (const { text, start } of wordsOf(prompt, knownWords)) {
		const end = start + text.length;
		const unfinished = stillTyping && end === prompt.length;
		if (unfinished || knownWords.has(text.toLowerCase())) continue;
		if (start > at) stretches.push({ text: prompt.slice(at, start), unknown: false });
		stretches.push({ text, unknown: true });
		at = end;
	}
	if (at < prompt.length) stretches.push({ text: prompt.slice(at), unknown: false });
	return stretches;
}

interface Word {
	text: string;
	/** Where it begins in the prompt. */
	start: number;
}

function wordsOf(prompt: string, knownWords: ReadonlySet<string>): Word[] {
	const longest = Math.max(...Array.from(knownWords, (word) => word.length));
	return [...prompt.matchAll(wordPattern)].flatMap(({ 0: text, index: start }) =>
		startsUnspaced.test(text) ? hanWords(text, start, knownWords, longest) : [{ text, start }],
	);
}

/**
 * The words of a run of Han characters that begins at `start`. It has no spaces: at every place the
 * longest known word is taken (none is longer than `longest`), and what lies between known words is
 * one unknown word.
 */
function hanWords(
	run: string,
	start: number,
	knownWords: ReadonlySet<string>,
	longest: number,
): Word[] {
	const words: Word[] = [];
	let unknown = "";
	for (let at = 0; at < run.length; ) {
		const known = longestKnown(run.slice(at, at + longest), knownWords);
		if (!known) unknown += run[at++];
		if (unknown && (known || at === run.length)) {
			words.push({ text: unknown, start: start + at - unknown.length });
			unknown = "";
		}
		if (known) words.push({ text: known, start: start + at });
		at += known.length;
	}
	return words;
}

/** The longest known word that the text begins with, or nothing. */
function longestKnown(text: string, knownWords: ReadonlySet<string>): string {
	let candidate = text;
	while (candidate && !knownWords.has(candidate)) candidate = candidate.slice(0, -1);
	return candidate;
}

/** The unknown words of marked stretches, each once, in order. */
export function unknownWords(stretches: Stretch[]): string[] {
	const words = stretches
		.filter((stretch) => stretch.unknown)
		.map(({ text }) => text.toLowerCase());
	return [...new Set(words)];
}

/** The prompt with a word put in at the cursor, with the spaces it needs; and the new cursor. */
export function insertWord(
	prompt: string,
	word: string,
	start: number,
	end: number,
): { prompt: string; cursor: number } {
	const before = prompt.slice(0, start);
	const after = prompt.slice(end);
	const lead = spaceBetween(before, word);
	const trail = spaceBetween(word, after);
	const inserted = `${before}${lead}${word}${trail}`;
	return { prompt: inserted + after, cursor: inserted.length - trail.length };
}

function spaceBetween(before: string, after: string): string {
	if (!before || !after || /\s$/.test(before) || /^[\s,.;!?]/.test(after)) return "";
	return endsUnspaced.test(before) && startsUnspaced.test(after) ? "" : " ";
}
