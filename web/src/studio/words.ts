/** What the model's vocabulary says about a prompt. */

/** A stretch of a prompt, marked when the model does not know the word. */
export interface Stretch {
	text: string;
	unknown: boolean;
}

const wordPattern = /[\p{L}\p{N}]+(?:['’-][\p{L}\p{N}]+)*/gu;

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
	for (const match of prompt.matchAll(wordPattern)) {
		const end = match.index + match[0].length;
		const unfinished = stillTyping && end === prompt.length;
		if (unfinished || knownWords.has(match[0].toLowerCase())) continue;
		if (match.index > at) stretches.push({ text: prompt.slice(at, match.index), unknown: false });
		stretches.push({ text: match[0], unknown: true });
		at = end;
	}
	if (at < prompt.length) stretches.push({ text: prompt.slice(at), unknown: false });
	return stretches;
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
	const lead = before && !/\s$/.test(before) ? " " : "";
	const trail = after && !/^[\s,.;!?]/.test(after) ? " " : "";
	const inserted = `${before}${lead}${word}${trail}`;
	return { prompt: inserted + after, cursor: inserted.length - trail.length };
}
