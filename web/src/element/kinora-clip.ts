/** The custom element `<kinora-clip>`. Importing this module defines it. */

import { html, LitElement, type PropertyValues, type TemplateResult } from "lit";
import { defaultModelUrl } from "../client/locations.js";
import { type GenerateOptions, randomSeed, resolveOptions } from "../client/options.js";
import { checkSupport } from "../client/support.js";
import { KinoraError } from "../errors.js";
import type { Manifest } from "../manifest.js";
import { drawEnlarged } from "../preview/draw-enlarged.js";
import { prefersReducedMotion } from "../preview/reduced-motion.js";
import { withNotice } from "../progress/notices.js";
import { shareOf } from "../progress/phase-share.js";
import type { Clip, KinoraProgress } from "../worker/protocol.js";
import { mayStartByItself, startByItself } from "./automatic-start.js";
import { describeProgress } from "./describe-progress.js";
import { borrowModel, describeModel, type ModelLease } from "./shared-models.js";
import { styles } from "./styles.js";

/** The events of `<kinora-clip>`; none of them bubbles. */
export interface KinoraClipEventMap {
	/** Work has moved on. */
	progress: CustomEvent<KinoraProgress>;
	/** The model is on the GPU. */
	load: CustomEvent<{ manifest: Manifest }>;
	/** The clip is finished. */
	result: CustomEvent<Clip>;
	/** Something failed; cancelling is reported here too, with the code `cancelled`. */
	error: CustomEvent<KinoraError>;
}

type View =
	| { name: "poster" }
	| { name: "working"; progress: KinoraProgress; share: number }
	| { name: "clip"; url: string; posterUrl: string; shape: string; prompt: string }
	| { name: "error"; error: KinoraError };

const previewMilliseconds = 500;

/**
 * A clip that is made on the visitor's machine. Nothing is downloaded before the visitor asks for
 * it, unless `reveal` says otherwise.
 *
 * Slots: `poster` (before), `progress` (while working), `error`, `unsupported` (no WebGPU).
 * CSS parts: `frame`, `button`, `progress`, `preview`, `video`, `message`.
 * CSS custom properties: `--kinora-background`, `--kinora-color`, `--kinora-accent`,
 * `--kinora-on-accent`, `--kinora-radius`.
 *
 * @example
 * <script type="module" src="https://example.org/kinora/kinora-clip.js"></script>
 * <kinora-clip prompt="a red ball bouncing over the meadow at sunset"></kinora-clip>
 */
export class KinoraClip extends LitElement {
	static override styles = styles;

	static override properties = {
		model: { reflect: true },
		prompt: { reflect: true },
		negativePrompt: { attribute: "negative-prompt", reflect: true },
		width: { type: Number, reflect: true },
		height: { type: Number, reflect: true },
		aspect: { reflect: true },
		seconds: { type: Number, reflect: true },
		fps: { type: Number, reflect: true },
		steps: { type: Number, reflect: true },
		guidance: { type: Number, reflect: true },
		seed: { type: Number, reflect: true },
		poster: { reflect: true },
		reveal: { reflect: true },
		alt: { reflect: true },
		view: { state: true },
	};

	/** Address of a `model.json` or its folder; empty for the model that comes along. */
	declare model: string;
	/** What the clip shows. */
	declare prompt: string;
	/** What it should not show. */
	declare negativePrompt: string | undefined;
	/** Width in the model's pixels, together with `height`. */
	declare width: number | undefined;
	/** Height in the model's pixels. */
	declare height: number | undefined;
	/** Instead of width and height: the label of one of the model's sizes, such as `16:9`. */
	declare aspect: string | undefined;
	/** Length of the clip. */
	declare seconds: number | undefined;
	/** Frames a second; one of the model's frame rates, if it has some. */
	declare fps: number | undefined;
	/** Denoising steps. */
	declare steps: number | undefined;
	/** How closely to follow the prompt. */
	declare guidance: number | undefined;
	/** Makes the same clip every time. */
	declare seed: number | undefined;
	/** Address of a picture to show before the clip is made. */
	declare poster: string;
	/** When to make the clip: when asked to, as soon as it is seen, or only by `generate()`. */
	declare reveal: "interaction" | "auto" | "manual";
	/** Describes the clip for those who do not see it; by default the prompt. */
	declare alt: string;
	/** What is shown at the moment. */
	declare protected view: View;

	#stop: AbortController | undefined;
	/** For clips without a seed of their own. One that failed is tried with the same: what of it was denoised is kept. */
	#drawnSeed = randomSeed();
	#lease: ModelLease | undefined;
	#visible: IntersectionObserver | undefined;
	#previewTimer: ReturnType<typeof setInterval> | undefined;
	#previewFrame = 0;
	#hadFocus = false;
	#announcement = "";

	constructor() {
		super();
		this.model = "";
		this.prompt = "";
		this.poster = "";
		this.reveal = "interaction";
		this.alt = "";
		this.view = { name: "poster" };
	}

	/**
	 * Makes the clip now. Resolves with it, or with undefined: when it failed, and the `error` event has the
	 * reason; or when another call took its place, or the element left the page, which no event tells.
	 *
	 * @example
	 * const clip = await document.querySelector("kinora-clip").generate();
	 */
	async generate(): Promise<Clip | undefined> {
		this.cancel();
		// What was asked for is not to be made once more when it is seen.
		this.#visible?.disconnect();
		const stop = new AbortController();
		this.#stop = stop;
		this.#progress({ phase: "device", done: 0, total: 1 });
		try {
			const problem = await checkSupport();
			if (problem) throw problem;
			// The element may have left the page meanwhile, and nobody would give the model back.
			stop.signal.throwIfAborted();
			const onProgress = (progress: KinoraProgress) => {
				if (this.#stop === stop) this.#progress(progress);
			};
			const model = await describeModel(this.model || defaultModelUrl, stop.signal);
			const options = this.#options(model.manifest, stop.signal, onProgress);
			// What is wrong with them is said before the model is downloaded.
			const request = resolveOptions(model.manifest, options);
			stop.signal.throwIfAborted();
			// Borrowed before the old lease ends, so that a model in use stays loaded.
			const lease = borrowModel(model, request, onProgress);
			this.#release();
			this.#lease = lease;
			const kinora = await lease.model(stop.signal);
			this.#emit("load", { manifest: kinora.manifest });
			const clip = await kinora.generate(options);
			if (this.#stop === stop) this.#show(clip);
			return clip;
		} catch (thrown) {
			if (this.#stop === stop) this.#fail(KinoraError.from(thrown));
			return undefined;
		}
	}

	/**
	 * Stops making the clip.
	 *
	 * @example
	 * document.querySelector("kinora-clip").cancel();
	 */
	cancel(): void {
		this.#stop?.abort();
	}

	override connectedCallback(): void {
		super.connectedCallback();
		// One that was only moved has not started anew.
		if (!this.#visible) this.#startWhenSeen();
	}

	/** Without it, `moveBefore` would take the element for one that has left the page. */
	connectedMoveCallback(): void {}

	override disconnectedCallback(): void {
		super.disconnectedCallback();
		// A page that only moves the element has put it back by then; that is no reason to lose a clip.
		queueMicrotask(() => {
			if (!this.isConnected) this.#takeDown();
		});
	}

	protected override willUpdate(changed: PropertyValues): void {
		if (!changed.has("view")) return;
		this.#hadFocus = Boolean(this.shadowRoot?.activeElement);
		const working = this.view.name === "working";
		if (working === (this.#previewTimer !== undefined)) return;
		clearInterval(this.#previewTimer);
		this.#previewTimer = working
			? setInterval(() => this.#drawPreview(), previewMilliseconds)
			: undefined;
	}

	protected override updated(changed: PropertyValues): void {
		if (changed.has("reveal")) this.#startWhenSeen();
		this.#keepFocus();
	}

	/** Keeps the keyboard in the element when one button takes the other's place. */
	#keepFocus(): void {
		const hadFocus = this.#hadFocus;
		this.#hadFocus = false;
		if (!hadFocus || this.shadowRoot?.activeElement) return;
		this.renderRoot.querySelector<HTMLElement>("button, video")?.focus();
	}

	/** Waits until the element is seen, if `reveal` says so and nothing has been made yet. */
	#startWhenSeen(): void {
		this.#visible?.disconnect();
		if (this.reveal !== "auto" || this.view.name !== "poster" || !mayStartByItself()) return;
		this.#visible = new IntersectionObserver((entries) => {
			if (entries.some((entry) => entry.isIntersecting)) void startByItself(() => this.generate());
		});
		this.#visible.observe(this);
	}

	protected override render(): TemplateResult {
		return html`
			<div class="frame ${this.view.name}" part="frame" .style=${`aspect-ratio: ${this.#shape()}`}>${this.#view()}</div>
			<p class="visually-hidden" lang="en" role="status">${this.#announcement}</p>
		`;
	}

	#view(): TemplateResult {
		switch (this.view.name) {
			case "poster":
				return this.#posterView();
			case "working":
				return this.#workingView(this.view.progress, this.view.share);
			case "clip":
				return html`<video
					part="video"
					src=${this.view.url}
					poster=${this.view.posterUrl}
					aria-label=${this.alt || this.view.prompt}
					?autoplay=${!prefersReducedMotion()}
					loop
					muted
					playsinline
					controls
				></video>`;
			case "error":
				return this.#errorView(this.view.error);
		}
	}

	#posterView(): TemplateResult {
		return html`
			<slot name="poster">
				${this.poster ? html`<img src=${this.poster} alt=${this.alt || this.prompt} />` : null}
				<p class="prompt">${this.prompt}</p>
			</slot>
			${this.reveal === "manual" ? null : this.#button("Make this clip", () => this.generate())}
		`;
	}

	#workingView(progress: KinoraProgress, share: number): TemplateResult {
		const percent = Math.round(100 * share);
		const text = describeProgress(progress);
		return html`
			<canvas part="preview" lang="en" role="img" aria-label="Blurred preview"></canvas>
			<slot name="progress">
				<div class="status" part="progress" lang="en">
					<p>${text}</p>
					<p role="status">${progress.notice}</p>
					<div
						class="bar"
						role="progressbar"
						aria-label=${`Making the clip: ${text}`}
						aria-valuemin="0"
						aria-valuemax="100"
						aria-valuenow=${percent}
					>
						<div .style=${`width: ${percent}%`}></div>
					</div>
				</div>
			</slot>
			${this.#button("Cancel", () => this.cancel())}
		`;
	}

	#errorView(error: KinoraError): TemplateResult {
		const unsupported = error.code === "no-webgpu" || error.code === "no-encoder";
		return html`
			<slot name=${unsupported ? "unsupported" : "error"}>
				<p class="message" part="message" lang="en" role="alert">${error.message}</p>
			</slot>
			${unsupported ? null : this.#button("Try again", () => this.generate())}
		`;
	}

	#button(label: string, act: () => unknown): TemplateResult {
		return html`<button part="button" lang="en" @click=${act}>${label}</button>`;
	}

	#options(
		manifest: Manifest,
		signal: AbortSignal,
		onProgress: (progress: KinoraProgress) => void,
	): GenerateOptions {
		const size = this.width && this.height ? undefined : this.#size(manifest);
		const chosen = {
			negativePrompt: this.negativePrompt,
			width: this.width ?? size?.width,
			height: this.height ?? size?.height,
			seconds: this.seconds,
			fps: this.fps,
			steps: this.steps,
			guidance: this.guidance,
			seed: this.seed ?? this.#drawnSeed,
		};
		const given = Object.entries(chosen).filter(
			([, value]) => value !== undefined && value !== null,
		);
		return { prompt: this.prompt, signal, onProgress, ...Object.fromEntries(given) };
	}

	/** The model's size of the aspect that was asked for. */
	#size({ sizes }: Manifest): { width: number; height: number } | undefined {
		if (!this.aspect) return undefined;
		const size = sizes.find(({ label }) => label === this.aspect);
		if (size) return size;
		const labels = [...new Set(sizes.map(({ label }) => label))].join(", ");
		throw new KinoraError(
			"bad-input",
			`This model makes no clips of the aspect "${this.aspect}", but of ${labels}.`,
		);
	}

	/** Width / height: of the clip that is shown, or of the one that is asked for. */
	#shape(): string {
		if (this.view.name === "clip") return this.view.shape;
		if (this.width && this.height) return `${this.width} / ${this.height}`;
		const [, width, height] = this.aspect?.match(/^(\d+):(\d+)/) ?? [];
		return width && height ? `${width} / ${height}` : "1";
	}

	#progress(progress: KinoraProgress): void {
		const working = this.view.name === "working" ? this.view : undefined;
		const last = working?.progress;
		if (progress.phase !== last?.phase) this.#announcement = describeProgress(progress);
		const preview = progress.preview ?? last?.preview;
		const notice = withNotice(last?.notice, progress.notice);
		// The networks of a large model are loaded in between, which takes nothing back; a new engine begins anew.
		const before = progress.phase === "device" ? 0 : (working?.share ?? 0);
		const share = Math.max(before, shareOf(progress));
		this.#leave();
		this.view = {
			name: "working",
			share,
			progress: { ...progress, ...(preview && { preview }), ...(notice && { notice }) },
		};
		this.#emit("progress", progress);
	}

	#show(clip: Clip): void {
		this.#stop = undefined;
		this.#release();
		this.#drawnSeed = randomSeed();
		this.#announcement = "The clip is ready.";
		this.view = {
			name: "clip",
			url: URL.createObjectURL(clip.blob),
			posterUrl: URL.createObjectURL(clip.poster),
			shape: `${clip.params.width} / ${clip.params.height}`,
			prompt: clip.params.prompt,
		};
		this.#emit("result", clip);
	}

	#fail(error: KinoraError): void {
		this.#stop = undefined;
		this.#release();
		const cancelled = error.code === "cancelled";
		this.#announcement = cancelled ? "Cancelled." : "";
		this.view = cancelled ? { name: "poster" } : { name: "error", error };
		this.#emit("error", error);
	}

	#release(): void {
		this.#lease?.release();
		this.#lease = undefined;
	}

	/** Stops everything and frees what is held: the element has left the page. */
	#takeDown(): void {
		this.#visible?.disconnect();
		this.#visible = undefined;
		this.#stop?.abort();
		this.#stop = undefined;
		this.#release();
		this.#leave();
		this.view = { name: "poster" };
	}

	/** Frees what the clip that was shown holds. */
	#leave(): void {
		if (this.view.name !== "clip") return;
		URL.revokeObjectURL(this.view.url);
		URL.revokeObjectURL(this.view.posterUrl);
	}

	#drawPreview(): void {
		const canvas = this.renderRoot.querySelector("canvas");
		const preview = this.view.name === "working" ? this.view.progress.preview : undefined;
		const frame = prefersReducedMotion() ? 0 : this.#previewFrame++;
		const image = preview?.frames[frame % preview.frames.length];
		if (canvas && image) drawEnlarged(image, canvas);
	}

	#emit<Name extends keyof KinoraClipEventMap>(
		name: Name,
		detail: KinoraClipEventMap[Name]["detail"],
	): void {
		this.dispatchEvent(new CustomEvent(name, { detail }));
	}
}

/** For TypeScript: tells listeners what the element's events carry. */
interface TellsEvents {
	addEventListener<Name extends keyof KinoraClipEventMap>(
		type: Name,
		listener: (this: KinoraClip, event: KinoraClipEventMap[Name]) => unknown,
		options?: boolean | AddEventListenerOptions,
	): void;
}

declare global {
	interface HTMLElementTagNameMap {
		// In this order: HTML has a `progress` and an `error` of its own.
		"kinora-clip": TellsEvents & KinoraClip;
	}
}

if (!customElements.get("kinora-clip")) customElements.define("kinora-clip", KinoraClip);
