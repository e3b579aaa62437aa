import { html, type TemplateResult } from "lit";
import { live } from "lit/directives/live.js";
import { excessOf } from "../../client/options.js";
import type { Studio } from "../studio.js";
import { markUnknownWords, type Stretch, unknownWords } from "../words.js";

const mostExamples = 4;

/** The prompt box with its hints, the Generate button, and examples. */
export function promptCard(studio: Studio): TemplateResult {
	const { settings, manifest } = studio.state;
	const stretches = markUnknownWords(settings.prompt, studio.knownWords, isTyping());
	return html`
		<div class="prompt-card">
			<label for="prompt">Prompt</label>
			<div class="prompt-scroll">
				<div class="prompt-text">
					<div class="mirror" aria-hidden="true">${stretches.map(marked)}&#8203;</div>
					<textarea
						id="prompt"
						rows="3"
						spellcheck="true"
						placeholder=${manifest.examples[0] ?? "a sentence about what the clip shows"}
						aria-describedby="prompt-hint"
						.value=${live(settings.prompt)}
						@input=${(event: Event) => typed(studio, event)}
						@blur=${() => studio.render()}
						@keydown=${(event: KeyboardEvent) => {
							if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void studio.generate();
						}}
					></textarea>
				</div>
			</div>
			<p id="prompt-hint" class="hint" role="status">${hint(studio, stretches)}</p>
			<div class="prompt-actions">${actions(studio)}</div>
		</div>
		${examples(studio)} ${studio.state.replaced ? wayBack(studio) : null}
	`;
}

function typed(studio: Studio, event: Event): void {
	studio.set({ prompt: (event.target as HTMLTextAreaElement).value });
}

function isTyping(): boolean {
	const active = document.activeElement;
	if (!(active instanceof HTMLTextAreaElement) || active.id !== "prompt") return false;
	return active.selectionEnd === active.value.length;
}

function marked({ text, unknown }: Stretch): TemplateResult | string {
	return unknown ? html`<span class="unknown">${text}</span>` : text;
}

function hint(studio: Studio, stretches: Stretch[]): TemplateResult | string {
	const { prompt } = studio.state.settings;
	const excess = excessOf(prompt);
	if (excess) return `${excess}.`;
	const words = unknownWords(stretches);
	if (words.length === 0) return "";
	const list = words.slice(0, 5).map((word, index) => html`${index ? ", " : ""}<em>${word}</em>`);
	const more = words.length > 5 ? ` and ${words.length - 5} more` : "";
	return html`This model has never seen ${list}${more}. It will guess or ignore
	${words.length === 1 ? "it" : "them"}; <a href="#vocabulary">see the words it knows</a>.`;
}

function actions(studio: Studio): TemplateResult {
	return html`<span class="shortcut">Ctrl + Enter</span>
		<button id="generate" class="primary" type="submit" ?disabled=${studio.state.work}>
			Generate
		</button>`;
}

function examples(studio: Studio): TemplateResult | null {
	const examples = studio.state.manifest.examples.slice(0, mostExamples);
	if (!examples.length) return null;
	return html`
		<ul class="examples" aria-label="Examples">
			${examples.map(
				(example) =>
					html`<li>
						<button type="button" @click=${() => studio.useExample(example)}>${example}</button>
					</li>`,
			)}
		</ul>
	`;
}

function wayBack(studio: Studio): TemplateResult {
	return html`
		<p class="way-back">
			What you had typed is replaced.
			<button id="put-text-back" type="button" @click=${() => studio.putTextBack()}>
				Put it back
			</button>
		</p>
	`;
}
