import { render } from "lit";
import { Kinora } from "../client/kinora.js";
import { randomSeed, resolveOptions } from "../client/options.js";
import { checkSupport } from "../client/support.js";
import type { ClipSize } from "../engine.js";
import { KinoraError } from "../errors.js";
import { defaultSize, type ModelLocation } from "../manifest.js";
import { withNotice } from "../progress/notices.js";
import type { Clip, ClipParams, KinoraProgress } from "../worker/protocol.js";
import { fileName } from "./file-name.js";
import { describeError } from "./messages.js";
import { PreviewPlayer } from "./preview-player.js";
import type { Settings, StudioState, Take } from "./state.js";
import { TimeLeft } from "./time-left.js";
import { page } from "./views/page.js";

/** While the GPU works, the page is drawn at most this often. */
const busyRenderMilliseconds = 500;
const mostTakes = 8;

/** The page's state and everything a visitor can do to it. */
export class Studio {
	readonly state: StudioState;
	readonly knownWords: ReadonlySet<string>;
	readonly #preview = new PreviewPlayer();
	readonly #model: ModelLocation;
	readonly #root: HTMLElement;
	#kinora: Kinora | undefined;
	#stop: AbortController | undefined;
	#renderTimer: ReturnType<typeof setTimeout> | undefined;
	#renderedAt = 0;
	#failed = false;
	#awake: Promise<WakeLockSentinel | undefined> | undefined;

	constructor(model: ModelLocation, root: HTMLElement) {
		const { manifest } = model;
		this.#model = model;
		this.#root = root;
		this.knownWords = new Set(manifest.known_words);
		this.state = {
			manifest,
			settings: defaultSettings(model),
			unsupported: undefined,
			adapter: undefined,
			work: undefined,
			take: undefined,
			takes: [],
			message: undefined,
			announcement: "",
		};
	}

	async start(): Promise<void> {
		// Whoever leaves while a clip is made loses it; the browser asks in its own words.
		addEventListener("beforeunload", (event) => {
			if (this.state.work) event.preventDefault();
		});
		// Browsers give the screen back to the visitor's settings whenever the page is out of sight.
		document.addEventListener("visibilitychange", () => {
			if (this.state.work && document.visibilityState === "visible") this.#keepAwake();
		});
		this.render();
		const problem = await checkSupport();
		if (problem) {
			this.state.unsupported = problem.message;
			this.render();
		}
	}

	/** Changes settings and draws the page. */
	set(change: Partial<Settings>): void {
		Object.assign(this.state.settings, change);
		this.render();
	}

	/** Takes the canvas that the preview plays on; undefined when the page no longer shows it. */
	readonly attachPreview = (canvas: Element | undefined): void => {
		this.#preview.attach(canvas as HTMLCanvasElement | undefined);
	};

	announce(text: string): void {
		this.state.announcement = text;
		this.render();
	}

	dismissMessage(): void {
		this.state.message = undefined;
		this.render();
	}

	/** Makes a clip of the current settings. Everything that can go wrong ends in a message. */
	async generate(): Promise<void> {
		if (this.state.work) return;
		const { settings, manifest } = this.state;
		this.state.message = undefined;
		// The seed of a clip that failed is used again: what of it was denoised is kept.
		const seed = settings.seedLocked || this.#failed ? settings.seed : randomSeed();
		// The controls can be changed while the model loads; the clip is of what they stood at.
		const size = chosenSize(this.state);
		const { width, height } = size;
		const { prompt, negativePrompt, fps, steps, guidance } = settings;
		const seconds = size.frames / fps;
		const asked = { prompt, negativePrompt, width, height, seconds, fps, steps, guidance, seed };
		try {
			resolveOptions(manifest, asked);
		} catch (error) {
			this.#fail(error);
			return;
		}
		settings.seed = seed;
		this.#failed = false;
		const cost = {
			model: manifest.name,
			size: width * height * size.frames,
			passes: steps * (guidance > 1 ? 2 : 1),
		};
		const time = new TimeLeft(this.#kinora !== undefined, cost);
		const startedAt = performance.now();
		this.#begin();
		try {
			const { signal } = this.#stop as AbortController;
			const onProgress = (progress: KinoraProgress) => this.#progress(progress, time);
			this.#kinora ??= await Kinora.load({ model: this.#model.url, size, signal, onProgress });
			this.state.adapter = this.#kinora.adapter;
			const clip = await this.#kinora.generate({ ...asked, signal, onProgress });
			time.finish();
			this.#finish(clip, (performance.now() - startedAt) / 1000);
		} catch (error) {
			this.#failed = KinoraError.from(error).code !== "cancelled";
			this.#fail(error);
		}
	}

	cancel(): void {
		if (!this.state.work || this.state.work.cancelling) return;
		this.state.work.cancelling = true;
		this.#stop?.abort();
		this.render();
	}

	/** Shows an earlier take. */
	showTake(take: Take): void {
		this.state.take = take;
		this.render();
	}

	/** Puts the settings of a clip back into the controls, with its seed locked. */
	useSettings(params: ClipParams): void {
		const { sizes } = this.state.manifest;
		const size = sizes.findIndex((s) => s.width === params.width && s.height === params.height);
		const { prompt, negativePrompt, frames, fps, steps, guidance, seed } = params;
		this.set({
			prompt,
			frames,
			fps,
			steps,
			guidance,
			seed,
			seedLocked: true,
			size: Math.max(0, size),
			// A clip without guidance has none, which is no reason to lose what is in the box.
			...(guidance > 1 && { negativePrompt }),
		});
		this.announce("The settings of this clip are in the controls again; its seed is kept.");
	}

	/** Takes the size that was suggested in place of one that does not fit. */
	useSize(suggestion: ClipSize): void {
		const { sizes } = this.state.manifest;
		const size = sizes.findIndex(
			(s) => s.width === suggestion.width && s.height === suggestion.height,
		);
		this.state.message = undefined;
		this.set({ frames: suggestion.frames, ...(size >= 0 && { size }) });
	}

	/** Draws the page; while the GPU works, at most twice a second. */
	render(): void {
		clearTimeout(this.#renderTimer);
		this.#renderedAt = performance.now();
		render(page(this), this.#root);
	}

	#renderSoon(): void {
		clearTimeout(this.#renderTimer);
		const wait = this.#renderedAt + busyRenderMilliseconds - performance.now();
		if (wait <= 0) this.render();
		else this.#renderTimer = setTimeout(() => this.render(), wait);
	}

	#begin(): void {
		this.#stop = new AbortController();
		this.#preview.show(undefined);
		this.#keepAwake();
		this.state.work = {
			phase: "device",
			done: 0,
			total: 1,
			fraction: 0,
			timeLeft: undefined,
			preview: undefined,
			cancelling: false,
		};
		this.state.announcement = "Generating.";
		this.render();
		this.#moveFocus("generate", "cancel");
		// On a phone the screen is below the controls.
		document.querySelector(".result")?.scrollIntoView({ block: "nearest" });
	}

	/** A screen that goes dark may put the device to sleep in the middle of a clip. */
	#keepAwake(): void {
		this.#awake = navigator.wakeLock?.request("screen").catch(() => undefined);
	}

	#progress(progress: KinoraProgress, time: TimeLeft): void {
		const { work } = this.state;
		if (!work) return;
		time.update(progress);
		work.phase = progress.phase;
		work.done = progress.done;
		work.total = progress.total;
		work.fraction = time.fraction();
		work.timeLeft = time.seconds();
		if (progress.preview) {
			work.preview = progress.preview;
			this.#preview.show(progress.preview);
		}
		const text = withNotice(this.state.message?.text, progress.notice);
		if (text) this.state.message = { kind: "note", title: "Please note", text };
		this.#renderSoon();
	}

	#finish(clip: Clip, made: number): void {
		const take: Take = {
			clip,
			videoUrl: URL.createObjectURL(clip.blob),
			posterUrl: URL.createObjectURL(clip.poster),
			fileName: fileName(clip, new Date()),
			made,
		};
		this.state.take = take;
		this.state.takes = [take, ...this.state.takes];
		for (const old of this.state.takes.splice(mostTakes)) {
			URL.revokeObjectURL(old.videoUrl);
			URL.revokeObjectURL(old.posterUrl);
		}
		this.#end("The clip is ready.");
	}

	#fail(error: unknown): void {
		const failure = KinoraError.from(error);
		if (failure.code === "cancelled") {
			this.#end("Cancelled. Your prompt and settings are as they were.");
			return;
		}
		// A model that failed to load may load the next time; one that is loaded heals by itself.
		this.state.message = describeError(failure);
		this.#end("");
	}

	#end(announcement: string): void {
		void this.#awake?.then((lock) => lock?.release());
		this.state.work = undefined;
		this.state.announcement = announcement;
		this.render();
		this.#moveFocus("cancel", "generate");
	}

	/** Keeps the keyboard where it was when one button takes the other's place. */
	#moveFocus(from: string, to: string): void {
		const active = document.activeElement;
		if (active !== document.body && active?.id !== from) return;
		document.getElementById(to)?.focus({ preventScroll: true });
	}
}

/** The clip size that the controls stand at. */
export function chosenSize({ manifest, settings }: StudioState): ClipSize {
	const size = manifest.sizes[settings.size] ?? defaultSize(manifest);
	return { width: size.width, height: size.height, frames: settings.frames };
}

function defaultSettings({ manifest }: ModelLocation): Settings {
	return {
		prompt: "",
		negativePrompt: manifest.sampler.negative_prompt ?? "",
		size: 0,
		frames: defaultSize(manifest).frames,
		fps: manifest.fps,
		steps: manifest.sampler.steps,
		guidance: manifest.sampler.guidance,
		seed: randomSeed(),
		seedLocked: false,
	};
}
