import { html, type TemplateResult } from "lit";
import type { Studio } from "../studio.js";
import { insertWord } from "../words.js";

/** The words that the model was trained with, in groups; each can be put into the prompt. */
export function vocabulary(studio: Studio): TemplateResult | null {
	const { manifest } = studio.state;
	if (!manifest.vocabulary.length) return null;
	const inPrompt = new Set(studio.state.settings.prompt.toLowerCase().split(/[^\p{L}\p{N}'’-]+/u));
	return html`
		<section id="vocabulary" class="vocabulary" aria-labelledby="vocabulary-title">
			<h2 id="vocabulary-title">The words ${manifest.title} knows</h2>
			<div class="groups">
				${manifest.vocabulary.map(
					({ label, words }) => html`
						<div role="group" aria-label=${label}>
							<h3>${label}</h3>
							<p>
								${words.map(
									(word) => html`<button
										type="button"
										class=${inPrompt.has(word) ? "used" : ""}
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

function insert(studio: Studio, word: string): void {
	const box = document.getElementById("prompt") as HTMLTextAreaElement;
	const { prompt, cursor } = insertWord(box.value, word, box.selectionStart, box.selectionEnd);
	studio.set({ prompt });
	box.setSelectionRange(cursor, cursor);
	studio.announce(`Added “${word}” to the prompt.`);
}
