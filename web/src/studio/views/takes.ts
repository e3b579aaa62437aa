import { html, type TemplateResult } from "lit";
import type { Studio } from "../studio.js";

/** The clips that the browser keeps, to go back to, and those that were just removed, to be put back. */
export function takesStrip(studio: Studio): TemplateResult | null {
	const { take: current, takes, removed, work } = studio.state;
	if (work) return null;
	const hasOthers = takes.some((take) => take !== current);
	return html`${hasOthers ? strip(studio) : null}${removed.length > 0 ? wayBack(studio) : null}`;
}

function strip(studio: Studio): TemplateResult {
	const { take: current, takes } = studio.state;
	return html`
		<ul class="takes" aria-label="Earlier clips">
			${takes.map(
				(take) => html`
					<li>
						<button
							type="button"
							aria-pressed=${take === current}
							title=${take.clip.params.prompt}
							@click=${() => studio.showTake(take)}
						>
							<img src=${take.posterUrl} alt=${take.clip.params.prompt} loading="lazy" />
						</button>
					</li>
				`,
			)}
		</ul>
	`;
}

function wayBack(studio: Studio): TemplateResult {
	const { length } = studio.state.removed;
	return html`
		<p class="way-back">
			${length === 1 ? "A clip is" : `${length} clips are`} removed.
			<button id="put-back" type="button" @click=${() => studio.putBack()}>Put back</button>
		</p>
	`;
}
