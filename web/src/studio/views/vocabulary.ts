import { html, type TemplateResult } from "lit";
import { guard } from "lit/directives/guard.js";
import type { Studio } from "../studio.js";
import { insertWord } from "../words.js";

/** The words that the model was trained with, in groups; each can be put into the prompt. */
export function vocabulary(studio: Studio): unknown {
	const { manifest, settings } = studio.state;
	if (!manifest.vocabulary.length) return null;
	// A hundred buttons need not be looked at again for every report of progress.
	return guard([manifest, settings.prompt], () => lexicon(studio));
}

function lexicon(studio: Studio): TemplateResult {
	const { manifest } = studio.state;
	const used = phraseFinder(studio.state.settings.prompt);
	return html`
		<section id="vocabulary" class="vocabulary" aria-labelledby="vocabulary-title">
			<h2 id="vocabulary-title">Words ${manifest.title} knows</h2>
			<div class="groups">
				${manifest.vocabulary.map(
					({ label, words }) => html`
						<div class="group" role="group" aria-label=${label}>
							<h3>${label}</h3>
							<p>
								${words.map(
									(word) => html`<button
										type="button"
										class=${used(word) ? "used" : ""}
										@click=${() => insert(studio, word)}
									>
										${word}
									</button> `,
								)}
							</p>
						</div>
					`,
				)}
			</div>
		</section>
	`;
}

/** Tells whether a word or phrase stands in the prompt; as whole words, where words have spaces. */
function phraseFinder(prompt: string): (phrase: string) => boolean {
	const padded = ` ${prompt.toLowerCase().replace(/[^\p{L}\p{N}'’-]+/gu, " ")} `;
	return (phrase) =>
		/\p{Script=Han}/u.test(phrase)
			? prompt.includes(phrase)
			: padded.includes(` ${phrase.toLowerCase()} `);
}

function insert(studio: Studio, word: string): void {
	const box = document.getElementById("prompt") as HTMLTextAreaElement;
	const { prompt, cursor } = insertWord(box.value, word, box.selectionStart, box.selectionEnd);
	studio.set({ prompt });
	box.setSelectionRange(cursor, cursor);
	studio.announce(`Added “${word}” to the prompt.`);
}
