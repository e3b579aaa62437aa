import { html, type TemplateResult } from "lit";
import type { ClipSize } from "../../engine.js";
import type { Message } from "../state.js";

interface MessageActions {
	useSize?: (size: ClipSize) => void;
	dismissMessage?: () => void;
	retry?: () => void;
}

/** A message with what to do about it. */
export function messageCard(message: Message, actions: MessageActions): TemplateResult {
	const { suggestion } = message;
	return html`
		<div class="message ${message.kind}">
			<p class="message-title">${message.title}</p>
			<p>${message.text}</p>
			${
				suggestion && actions.useSize
					? html`<button id="use-size" type="button" @click=${() => actions.useSize?.(suggestion)}>
							Use ${suggestion.width} × ${suggestion.height}, ${suggestion.frames} frames
						</button>`
					: null
			}
			${
				actions.retry
					? html`<button type="button" @click=${() => actions.retry?.()}>Try again</button>`
					: null
			}
			${
				actions.dismissMessage
					? html`<button
							id="dismiss"
							type="button"
							class="dismiss"
							aria-label="Dismiss this message"
							@click=${() => actions.dismissMessage?.()}
						>
							×
						</button>`
					: null
			}
		</div>
	`;
}
