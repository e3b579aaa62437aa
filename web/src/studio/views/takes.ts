import { html, type TemplateResult } from "lit";
import type { Studio } from "../studio.js";

/** The clips of this visit, to go back to. Shown from the second clip on. */
export function takesStrip(studio: Studio): TemplateResult | null {
	const { take: current, takes, work } = studio.state;
	if (takes.length < 2 || work) return null;
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
							<img src=${take.posterUrl} alt=${take.clip.params.prompt} />
						</button>
					</li>
				`,
			)}
		</ul>
	`;
}
