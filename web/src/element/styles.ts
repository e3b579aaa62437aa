import { css } from "lit";

export const styles = css`
	:host {
		--background: var(--kinora-background, #14110f);
		--color: var(--kinora-color, #f4ede3);
		--accent: var(--kinora-accent, #f5b95f);
		--on-accent: var(--kinora-on-accent, #231505);

		display: block;
		width: 320px;
		max-width: 100%;
		overflow: hidden;
		border-radius: var(--kinora-radius, 6px);
		background: var(--background);
		color: var(--color);
		font: 400 15px / 1.45 system-ui, sans-serif;
	}

	:host([hidden]) {
		display: none;
	}

	.frame {
		position: relative;
		display: flex;
		flex-direction: column;
		align-items: center;
		justify-content: center;
		gap: 14px;
		box-sizing: border-box;
		width: 100%;
		height: 100%;
		padding: 16px;
		text-align: center;
	}

	.frame.working {
		flex-direction: row;
		align-items: flex-end;
	}

	slot[name="progress"] {
		display: block;
		flex: 1;
		z-index: 1;
	}

	img,
	video,
	canvas {
		position: absolute;
		inset: 0;
		width: 100%;
		height: 100%;
		object-fit: cover;
	}

	.prompt,
	.message,
	.status p {
		margin: 0;
		overflow-wrap: anywhere;
		text-wrap: balance;
	}

	.prompt {
		z-index: 1;
		font: italic 400 18px / 1.4 "Iowan Old Style", Palatino, Georgia, serif;
	}

	img + .prompt {
		display: none;
	}

	.message {
		overflow-y: auto;
	}

	button {
		z-index: 1;
		min-height: 44px;
		padding: 8px 20px;
		border: 1px solid var(--accent);
		border-radius: calc(var(--kinora-radius, 6px));
		background: var(--accent);
		color: var(--on-accent);
		font: inherit;
		font-weight: 500;
		cursor: pointer;
	}

	button:focus-visible {
		outline: 2px solid var(--color);
		outline-offset: 2px;
	}

	.status {
		box-sizing: border-box;
		padding: 8px 12px 10px;
		text-align: left;
		font-size: 14px;
		border-radius: 4px;
		background: color-mix(in srgb, var(--background) 80%, transparent);
		font-variant-numeric: tabular-nums;
	}

	.status p:not(:empty) {
		padding-bottom: 6px;
	}

	.bar {
		height: 6px;
		border-radius: 3px;
		background: color-mix(in srgb, var(--color) 25%, transparent);
	}

	.bar > div {
		height: 100%;
		border-radius: 3px;
		background: var(--accent);
	}

	@media (forced-colors: active) {
		.bar {
			border: 1px solid;
		}

		.bar > div {
			background: Highlight;
		}
	}

	.visually-hidden {
		position: absolute;
		width: 1px;
		height: 1px;
		overflow: hidden;
		clip-path: inset(50%);
		white-space: nowrap;
	}
`;
