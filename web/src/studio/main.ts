/** The studio page. `?model=<address>` shows another model than the one that comes along. */

import { html, render } from "lit";
import { fetchManifest } from "../client/fetch-manifest.js";
import { defaultModelUrl } from "../client/locations.js";
import { KinoraError } from "../errors.js";
import { describeError } from "./messages.js";
import { Studio } from "./studio.js";
import { messageCard } from "./views/message.js";

const root = document.getElementById("studio") as HTMLElement;
root.replaceChildren();
await openStudio();

async function openStudio(): Promise<void> {
	try {
		const wanted = new URLSearchParams(location.search).get("model");
		const model = await fetchManifest(wanted ?? defaultModelUrl);
		await new Studio(model, root).start();
	} catch (error) {
		const message = describeError(KinoraError.from(error));
		const card = messageCard(message, { retry: () => void openStudio() });
		render(html`<main class="lone"><div role="alert">${card}</div></main>`, root);
	}
}
