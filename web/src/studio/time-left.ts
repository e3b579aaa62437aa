import { shareOf } from "../progress/phase-share.js";
import type { KinoraProgress, Phase } from "../worker/protocol.js";
import { readStored, writeStored } from "./stored.js";

const phases: Phase[] = [
	"device",
	"download",
	"load",
	"compile",
	"wait",
	"text",
	"denoise",
	"decode",
	"encode",
];

/** What makes one clip dearer than another. */
export interface Cost {
	/** The model's name; what another one took says nothing. */
	model: string;
	/** Pixels × frames. */
	size: number;
	/** How often the network runs: once a step, twice with guidance. */
	passes: number;
}

/** How long the phases of a clip took on this machine, in seconds. */
interface Experience extends Cost {
	seconds: Partial<Record<Phase, number>>;
}

/** What a model's clips took is stored under this and its name. */
const storageKey = "kinora.seconds-of-phases";

/** Until this machine has decoded a clip: as many steps as decoding takes. */
const decodeInSteps = 6;

/**
 * Estimates how far a clip is and how long it will still take: from the pace of the phase at
 * hand, and for the phases to come from how long they took last time on this machine.
 */
export class TimeLeft {
	readonly #experience: Experience | undefined;
	readonly #cost: Cost;
	readonly #expected: Partial<Record<Phase, number>>;
	readonly #measured: Partial<Record<Phase, number>> = {};
	readonly #startedAt: number;
	#last: KinoraProgress = { phase: "device", done: 0, total: 1 };
	#phaseStartedAt: number;
	#fraction = 0;

	/** @param loaded Whether the model is on the GPU already. */
	constructor(loaded: boolean, cost: Cost, now = performance.now()) {
		this.#experience = readStored("localStorage", keyOf(cost.model)) as Experience | undefined;
		this.#cost = cost;
		this.#expected = expectedSeconds(this.#experience, cost, loaded);
		this.#startedAt = now;
		this.#phaseStartedAt = now;
	}

	update(progress: KinoraProgress, now = performance.now()): void {
		if (isReload(this.#last.phase, progress.phase)) return;
		if (progress.phase !== this.#last.phase) {
			this.#measured[this.#last.phase] = (now - this.#phaseStartedAt) / 1000;
			this.#phaseStartedAt = now;
		}
		this.#last = progress;
		const { phase, done } = progress;
		if (phase === "denoise" && done > 0 && !this.#experience) {
			this.#expected.decode = (decodeInSteps * this.#inPhase(now)) / done;
		}
	}

	/** Of everything, from 0 to 1; never goes back. */
	fraction(now = performance.now()): number {
		const fraction = this.#experience ? this.#shareOfTime(now) : shareOf(this.#last);
		this.#fraction = Math.max(this.#fraction, Math.min(0.99, fraction));
		return this.#fraction;
	}

	/** In seconds; undefined until there is a pace to go by. */
	seconds(now = performance.now()): number | undefined {
		const { phase, done } = this.#last;
		const paced = phase === "decode" || phase === "encode" || (phase === "denoise" && done > 0);
		return this.#experience || paced ? this.#remaining(now) : undefined;
	}

	/** Remembers this clip's phases for the next estimate. */
	finish(now = performance.now()): void {
		this.#measured[this.#last.phase] = this.#inPhase(now);
		// A clip that had been denoised before says little of the next one.
		if (this.#measured.denoise === undefined) return;
		// Phases that a loaded model skips may come again after a reload.
		const seconds = { ...this.#experience?.seconds, ...this.#measured };
		const experience: Experience = { ...this.#cost, seconds };
		writeStored("localStorage", keyOf(this.#cost.model), experience);
	}

	#shareOfTime(now: number): number {
		const elapsed = (now - this.#startedAt) / 1000;
		return elapsed / (elapsed + this.#remaining(now) + 0.001);
	}

	#remaining(now: number): number {
		const { phase, done, total } = this.#last;
		const spent = this.#inPhase(now);
		const share = total > 0 ? done / total : 0;
		const current =
			share > 0 ? (spent / share) * (1 - share) : (this.#expected[phase] ?? 0) - spent;
		const later = phases.slice(phases.indexOf(phase) + 1);
		return later.reduce((sum, next) => sum + (this.#expected[next] ?? 0), Math.max(0, current));
	}

	#inPhase(now: number): number {
		return (now - this.#phaseStartedAt) / 1000;
	}
}

/** The networks of a large model are loaded one after the other: that is part of the phase they are loaded for. */
function isReload(last: Phase, next: Phase): boolean {
	return next === "load" && phases.indexOf(last) > phases.indexOf("load");
}

function expectedSeconds(
	experience: Experience | undefined,
	cost: Cost,
	loaded: boolean,
): Partial<Record<Phase, number>> {
	if (!experience) return {};
	const { seconds } = experience;
	const larger = cost.size / experience.size;
	const expected = {
		...seconds,
		denoise: (seconds.denoise ?? 0) * larger * (cost.passes / experience.passes),
		decode: (seconds.decode ?? 0) * larger,
		encode: (seconds.encode ?? 0) * larger,
	};
	if (loaded) for (const phase of phases.slice(0, 4)) delete expected[phase];
	return expected;
}

function keyOf(model: string): string {
	return `${storageKey}.${model}`;
}
