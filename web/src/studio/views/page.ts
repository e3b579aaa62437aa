import { html, type TemplateResult } from "lit";
import type { Studio } from "../studio.js";
import { footer } from "./footer.js";
import { header } from "./header.js";
import { messageCard } from "./message.js";
import { promptCard } from "./prompt.js";
import { resultFacts } from "./result.js";
import { settingsPanel } from "./settings.js";
import { stage } from "./stage.js";
import { takesStrip } from "./takes.js";
import { vocabulary } from "./vocabulary.js";

/** The whole page for the studio's state. */
export function page(studio: Studio): TemplateResult {
	const { state } = studio;
	const { message, unsupported } = state;
	return html`
		${header(state)}
		${
			unsupported
				? html`<div class="banner" role="alert"><strong>Clips cannot be made here.</strong> ${unsupported}</div>`
				: null
		}
		<main>
			<form
				class="script"
				aria-label="Scene"
				novalidate
				@submit=${(event: Event) => {
					event.preventDefault();
					void studio.generate();
				}}
			>
				<h1>Write a scene. <em>Watch it move.</em></h1>
				${promptCard(studio)}
				<div class="messages" role=${message?.kind === "note" ? "status" : "alert"}>
					${message ? messageCard(message, studio) : null}
				</div>
				${settingsPanel(studio)}
			</form>
			<div class="screen-side">
				<section class="result" aria-label="Result">
					${stage(studio)} ${state.take && !state.work ? resultFacts(studio, state.take) : null}
					${takesStrip(studio)}
				</section>
				${vocabulary(studio)}
			</div>
		</main>
		${footer(studio)}
		<p class="visually-hidden" role="status">${state.announcement}</p>
	`;
}
