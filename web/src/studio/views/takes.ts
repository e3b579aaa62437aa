import { html, type TemplateResult } from "lit";
import type { Studio } from "../studio.js";

/** The clips that the browser keeps, to go back to. Shown as soon as there is another than the one on the screen. */
export function takesStrip(studio: Studio): TemplateResult | null {
	const { take: current, takes, work } = studio.state;
	if (work || takes.every((take) => take === current)) return null;
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
