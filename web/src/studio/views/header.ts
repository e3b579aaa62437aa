import { html, type TemplateResult } from "lit";
import type { AdapterInfo } from "../../engine.js";
import { modelBytes } from "../../manifest.js";
import { megabytes } from "../../megabytes.js";
import type { StudioState } from "../state.js";
import { reel } from "./icons.js";

/** The name of the house, the model in use and the device. */
export function header({ manifest, adapter }: StudioState): TemplateResult {
	return html`
		<header>
			<p class="wordmark">${reel} Kinora</p>
			<p class="model">
				<span>${manifest.title}</span>
				<span class="dim">${megabytes(modelBytes(manifest))} MB, downloaded once</span>
				${adapter ? html`<span class="dim">${deviceName(adapter)}</span>` : null}
			</p>
		</header>
	`;
}

/** Browsers may keep the name of the graphics processor to themselves. */
function deviceName({ name, software }: AdapterInfo): string {
	if (software) return "No graphics processor found: very slow";
	return name || "Graphics processor";
}
