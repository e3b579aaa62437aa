import type { AdapterInfo, ClipSize } from "../engine.js";
import type { Manifest } from "../manifest.js";
import type { Phase, Preview } from "../worker/protocol.js";
import type { KeptClip } from "./kept-clips.js";
import type { ReplacedText } from "./replaced-text.js";

/** What the visitor has chosen. Kept as typed, so that no error ever loses it. */
export interface Settings {
	prompt: string;
	negativePrompt: string;
	/** Index into the model's sizes. */
	size: number;
	frames: number;
	/** Frames a second. */
	fps: number;
	steps: number;
	guidance: number;
	seed: number;
	/** When false, every clip gets a new seed. */
	seedLocked: boolean;
}

/** A finished clip with the addresses that the page shows and downloads it under. */
export interface Take extends KeptClip {
	videoUrl: string;
	posterUrl: string;
	fileName: string;
	/** Whether it will be there at the next visit. */
	kept: boolean;
}

export interface Message {
	kind: "error" | "note";
	title: string;
	text: string;
	/** A size that would fit, offered as a button. */
	suggestion?: ClipSize;
}

/** What is shown of the work in progress. */
export interface Work {
	phase: Phase;
	done: number;
	total: number;
	/** Of everything, from 0 to 1. */
	fraction: number;
	/** In seconds; undefined while it cannot be told. */
	timeLeft: number | undefined;
	/** Of a download; undefined while it cannot be told. */
	bytesPerSecond: number | undefined;
	preview: Preview | undefined;
	cancelling: boolean;
}

export interface StudioState {
	manifest: Manifest;
	settings: Settings;
	/** Why this browser cannot run Kinora, if so. */
	unsupported: string | undefined;
	adapter: AdapterInfo | undefined;
	/** Bytes of the model that the browser keeps. */
	stored: number;
	work: Work | undefined;
	take: Take | undefined;
	/** What had taken shape of a clip that was stopped. */
	stopped: Preview | undefined;
	/** All takes of this model that the browser keeps, newest first. */
	takes: Take[];
	/** Takes that were removed since the last clip, offered to be put back. */
	removed: Take[];
	/** What was typed where the page has put something else, offered to be put back. */
	replaced: ReplacedText | undefined;
	message: Message | undefined;
	/** Said by screen readers without moving the focus. */
	announcement: string;
}
