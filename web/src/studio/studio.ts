import { render } from "lit";
import { Kinora } from "../client/kinora.js";
import { randomSeed, resolveOptions } from "../client/options.js";
import { checkSupport } from "../client/support.js";
import type { ClipSize } from "../engine.js";
import { KinoraError } from "../errors.js";
import { defaultSize, type ModelLocation } from "../manifest.js";
import { megabytes } from "../megabytes.js";
import { withNotice } from "../progress/notices.js";
import { storedBytes } from "../storage/stored-bytes.js";
import type { Clip, ClipParams, KinoraProgress } from "../worker/protocol.js";
import { clipSettings, sizeIndex } from "./clip-settings.js";
import { fileName } from "./file-name.js";
import { forgetClip, type KeptClip, keepClip, keptClips } from "./kept-clips.js";
import {
	keepSettings,
	keptSettings,
	lastClipIsUnfinished,
	settingsThatFit,
} from "./kept-settings.js";
import { describeError } from "./messages.js";
import { Pace } from "./pace.js";
import { PreviewPlayer } from "./preview-player.js";
import { replacedText } from "./replaced-text.js";
import type { Settings, StudioState, Take } from "./state.js";
import { TimeLeft } from "./time-left.js";
import { page } from "./views/page.js";

/** While the GPU works, the page is drawn at most this often. */
const busyRenderMilliseconds = 500;

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
			settings: keptSettings(manifest),
			unsupported: undefined,
			adapter: undefined,
			stored: 0,
			work: undefined,
			take: undefined,
			stopped: undefined,
			takes: [],
			removed: [],
			replaced: undefined,
			message: undefined,
			announcement: "",
		};
	}

	async start(): Promise<void> {
		// Whoever leaves while a clip is made, or before one is kept, loses it; the browser asks in its own words.
		addEventListener("beforeunload", (event) => {
			if (this.state.work || this.state.takes.some(({ kept }) => !kept)) event.preventDefault();
		});
		// Browsers give the screen back to the visitor's settings whenever the page is out of sight.
		document.addEventListener("visibilitychange", () => {
			if (this.state.work && document.visibilityState === "visible") this.#keepAwake();
		});
		this.#failed = lastClipIsUnfinished(this.state.manifest);
		if (this.#failed) {
			this.#note(
				"The last clip was not finished",
				"Generate takes the settings below with the same seed. Where only the decoding was left of that clip, it goes on from there.",
			);
		}
		this.render();
		void this.#showKept();
		void this.#showStored();
		const problem = await checkSupport();
		if (problem) {
			this.state.unsupported = problem.message;
			this.render();
		}
	}

	/** Changes settings, keeps them for the next visit and draws the page. */
	set(change: Partial<Settings>): void {
		Object.assign(this.state.settings, change);
		this.#keepSettings();
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
		this.#moveFocus("dismiss", this.state.work ? "cancel" : "generate");
	}

	/** Takes an example for the prompt. */
	useExample(prompt: string): void {
		this.#replace({ prompt }, "The example is in the prompt.");
	}

	/** Puts back what was typed before an example or the settings of a clip took its place. */
	putTextBack(): void {
		const { replaced } = this.state;
		if (replaced) this.#replace(replaced.text, "What you had typed is back.");
		this.#moveFocus("put-text-back", "prompt");
	}

	/** Makes a clip of the current settings. Everything that can go wrong ends in a message. */
	async generate(): Promise<void> {
		if (this.state.work) return;
		const { settings, manifest } = this.state;
		this.state.message = undefined;
		// Screen readers say the same message again only when it was gone in between.
		this.render();
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
			const pace = new Pace();
			const onProgress = (progress: KinoraProgress) => this.#progress(progress, time, pace);
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
		this.state.stopped = undefined;
		this.render();
	}

	/** Removes a take from the browser; until the next clip is there it can be put back. */
	async removeTake(take: Take): Promise<void> {
		if (!this.state.takes.includes(take)) return;
		this.state.takes = this.state.takes.filter((other) => other !== take);
		// Nothing takes its place on the screen: a second click is not to remove another one.
		this.state.take = undefined;
		this.state.removed = [...this.state.removed, take];
		this.announce("The clip is removed. It can be put back.");
		this.#moveFocus("cancel", "put-back");
		try {
			await forgetClip(take.id);
		} catch {
			// What could not be kept can be removed all the same, and what was put back meanwhile is to stay.
			if (!take.kept || !this.state.removed.includes(take)) return;
			this.state.removed = this.state.removed.filter((other) => other !== take);
			this.#insert(take);
			this.#note("The clip is still there", "The browser does not let go of it. Try again.");
		}
	}

	/** Puts all takes back that were removed. */
	putBack(): void {
		const { removed } = this.state;
		for (const take of removed) {
			this.#insert(take);
			void this.#keep(take);
		}
		this.state.removed = [];
		this.state.take = removed.at(-1);
		this.render();
		this.#moveFocus("cancel", "generate");
	}

	/** Deletes the stored model, but for what other models share with it. Asks first: it may take long to download. */
	async deleteModel(): Promise<void> {
		const { manifest, stored } = this.state;
		const question = `Delete ${manifest.title} (${megabytes(stored)} MB) from this browser? Your clips stay.`;
		if (!confirm(question)) return;
		// A model that is loaded is in use.
		this.#kinora?.unload();
		this.#kinora = undefined;
		try {
			await Kinora.forget(this.#model);
			this.#note("The model is deleted", "The next clip downloads it again.");
		} catch (error) {
			this.state.message = describeError(KinoraError.from(error));
		}
		await this.#showStored();
		this.#moveFocus("delete-model", "generate");
	}

	/** Puts the settings of a clip back into the controls, with its seed locked. */
	useSettings(params: ClipParams): void {
		const { settings, missing } = clipSettings(this.state.manifest, params);
		const taken = missing.length > 0 ? "Most settings" : "The settings";
		this.#replace(settings, `${taken} of this clip are in the controls again; its seed is kept.`);
		if (missing.length === 0) return;
		const names = missing.join(" and ");
		this.#note(
			"Not every setting could be taken over",
			`The model does not make clips of this one's ${names} any more. Choose the ${names} yourself.`,
		);
	}

	/** Takes the size that was suggested in place of one that does not fit. */
	useSize(suggestion: ClipSize): void {
		const { manifest } = this.state;
		const { frames } = suggestion;
		const size = sizeIndex(manifest, suggestion);
		this.state.message = undefined;
		this.set(settingsThatFit(manifest, { frames, size }));
		this.#moveFocus("use-size", "generate");
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
		this.state.stopped = undefined;
		this.#keepAwake();
		this.state.work = {
			phase: "device",
			done: 0,
			total: 1,
			fraction: 0,
			timeLeft: undefined,
			bytesPerSecond: undefined,
			preview: undefined,
			cancelling: false,
		};
		this.#keepSettings();
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

	#progress(progress: KinoraProgress, time: TimeLeft, pace: Pace): void {
		const { work } = this.state;
		if (!work) return;
		time.update(progress);
		work.phase = progress.phase;
		work.done = progress.done;
		work.total = progress.total;
		work.fraction = time.fraction();
		work.timeLeft = time.seconds();
		if (progress.phase === "download") {
			pace.update(progress.done);
			work.bytesPerSecond = pace.perSecond();
		}
		if (progress.preview) {
			work.preview = progress.preview;
			this.#preview.show(progress.preview);
		}
		const text = withNotice(this.state.message?.text, progress.notice);
		if (text) this.state.message = { kind: "note", title: "Please note", text };
		this.#renderSoon();
	}

	#finish(clip: Clip, made: number): void {
		const take = shown({ id: crypto.randomUUID(), at: new Date(), clip, made }, false);
		this.#insert(take);
		this.state.take = take;
		for (const removed of this.state.removed) release(removed);
		this.state.removed = [];
		// What took the place of another text was meant to, once there is a clip of it.
		if (this.state.replaced?.by.prompt === clip.params.prompt) this.state.replaced = undefined;
		this.#end("The clip is ready.");
		void this.#keep(take);
	}

	/** Changes settings; what was typed where they put something else can be put back until there is a clip of that. */
	#replace(change: Partial<Settings>, announcement: string): void {
		const { manifest, settings } = this.state;
		const after = { ...settings, ...change };
		const replaced = replacedText(manifest, this.state.replaced, settings, after);
		this.state.replaced = replaced;
		this.set(change);
		this.announce(replaced ? `${announcement} What was there can be put back.` : announcement);
	}

	#note(title: string, text: string): void {
		this.state.message = { kind: "note", title, text };
		this.render();
	}

	#keepSettings(): void {
		const { manifest, settings, work } = this.state;
		keepSettings(manifest, settings, work !== undefined || this.#failed);
	}

	#insert(take: Take): void {
		const later = this.state.takes.filter(({ at }) => at > take.at);
		this.state.takes = this.state.takes.toSpliced(later.length, 0, take);
	}

	async #keep(take: Take): Promise<void> {
		const { id, at, clip, made } = take;
		take.kept = false;
		try {
			await keepClip({ id, at, clip, made });
			take.kept = true;
		} catch {
			this.#note(
				"Download this clip",
				"The browser cannot keep it: this window keeps nothing, or the disk is full. It is gone when you leave this page.",
			);
		}
	}

	async #showKept(): Promise<void> {
		const kept = await keptClips(this.state.manifest.name);
		for (const clip of kept) this.#insert(shown(clip, true));
		this.render();
	}

	async #showStored(): Promise<void> {
		this.state.stored = await storedBytes(this.state.manifest);
		this.render();
	}

	#fail(error: unknown): void {
		const failure = KinoraError.from(error);
		if (failure.code === "cancelled") {
			const preview = this.state.work?.preview;
			if (preview) {
				this.#preview.hold();
				this.state.stopped = preview;
				this.state.take = undefined;
			}
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
		this.#keepSettings();
		this.state.announcement = announcement;
		this.render();
		this.#moveFocus("cancel", "generate");
		void this.#showStored();
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

/** A clip with what the page shows it by. */
function shown(clip: KeptClip, kept: boolean): Take {
	return {
		...clip,
		videoUrl: URL.createObjectURL(clip.clip.blob),
		posterUrl: URL.createObjectURL(clip.clip.poster),
		fileName: fileName(clip.clip, clip.at),
		kept,
	};
}

/** Lets the browser free the memory of a clip that is shown no more. */
function release({ videoUrl, posterUrl }: Take): void {
	URL.revokeObjectURL(videoUrl);
	URL.revokeObjectURL(posterUrl);
}
