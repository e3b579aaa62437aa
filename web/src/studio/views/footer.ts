import { html, type TemplateResult } from "lit";
import { modelBytes } from "../../manifest.js";
import { megabytes } from "../../megabytes.js";
import type { Studio } from "../studio.js";

/** What the model is, what stays in this browser, and the way to be rid of the stored model. */
export function footer(studio: Studio): TemplateResult {
	const { manifest, stored } = studio.state;
	return html`
		<footer>
			<p>
				${manifest.description} Clips are computed by this browser on this machine; prompts and
				clips are sent nowhere, and are kept in this browser only.
			</p>
			${stored > 0 ? storedModel(studio) : null}
		</footer>
	`;
}

function storedModel(studio: Studio): TemplateResult {
	const { manifest, stored, work } = studio.state;
	const total = modelBytes(manifest);
	const amount = stored < total ? `${megabytes(stored)} of ${megabytes(total)}` : megabytes(total);
	return html`
		<p class="stored-model">
			The browser keeps the model, too: ${amount} MB.
			<button
				id="delete-model"
				type="button"
				?disabled=${work}
				@click=${() => void studio.deleteModel()}
			>
				Delete the model
			</button>
		</p>
	`;
}
