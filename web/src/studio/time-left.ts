import type { KinoraProgress, Phase } from "../worker/protocol.js";

const phases: Phase[] = [
	"device",
	"download",
	"load",
	"compile",
	"text",
	"denoise",
	"decode",
	"encode",
];

/** Seconds a phase takes on a machine we know nothing about yet; only their proportions matter. */
const guesses: Record<Phase, number> = {
	device: 0.3,
	download: 5,
	load: 0.5,
	compile: 1,
	text: 0.3,
	denoise: 12,
	decode: 3,
	encode: 0.3,
};

const storageKey = "kinora.phase-seconds";

/**
 * Estimates how far a clip is and how long it will still take: from the pace of the phase at
 * hand, and for the phases to come from how long they took last time on this machine.
 */
export class TimeLeft {
	readonly #expected: Record<Phase, number>;
	readonly #stored: Stored | undefined;
	readonly #work: number;
	readonly #startedAt: number;
	#phase: Phase = "device";
	#phaseStartedAt: number;
	#share = 0;
	#fraction = 0;

	/**
	 * @param loaded Whether the model is on the GPU already.
	 * @param work A measure of the clip's cost, such as pixels × frames × steps.
	 */
	constructor(loaded: boolean, work: number, now = performance.now()) {
		this.#stored = readStored();
		this.#expected = { ...guesses, ...this.#stored?.seconds };
		this.#work = work;
		if (this.#stored) this.#expected.denoise *= work / this.#stored.work;
		if (loaded) for (const phase of phases.slice(0, 4)) this.#expected[phase] = 0;
		this.#startedAt = now;
		this.#phaseStartedAt = now;
	}

	update(progress: KinoraProgress, now = performance.now()): void {
		if (progress.phase !== this.#phase) {
			this.#expected[this.#phase] = (now - this.#phaseStartedAt) / 1000;
			this.#phase = progress.phase;
			this.#phaseStartedAt = now;
		}
		this.#share = progress.total > 0 ? Math.min(1, progress.done / progress.total) : 0;
	}

	/** Of everything, from 0 to 1; never goes back. */
	fraction(now = performance.now()): number {
		const elapsed = (now - this.#startedAt) / 1000;
		const remaining = this.#remaining(now);
		const fraction = elapsed + remaining > 0 ? elapsed / (elapsed + remaining) : 0;
		this.#fraction = Math.max(this.#fraction, Math.min(0.99, fraction));
		return this.#fraction;
	}

	/** In seconds; undefined until there is a pace to go by. */
	seconds(now = performance.now()): number | undefined {
		const measured = this.#phase === "decode" || (this.#phase === "denoise" && this.#share > 0.05);
		return this.#stored || measured ? this.#remaining(now) : undefined;
	}

	/** Remembers this clip's phases for the next estimate. */
	finish(now = performance.now()): void {
		this.#expected[this.#phase] = (now - this.#phaseStartedAt) / 1000;
		const seconds = { ...this.#expected };
		// A phase that was skipped this time may come again after a reload.
		for (const phase of phases) seconds[phase] ||= this.#stored?.seconds[phase] ?? guesses[phase];
		const stored: Stored = { seconds, work: this.#work };
		try {
			localStorage.setItem(storageKey, JSON.stringify(stored));
		} catch {
			// Without storage the next estimate starts from the guesses again.
		}
	}

	#remaining(now: number): number {
		const inPhase = (now - this.#phaseStartedAt) / 1000;
		const expected = this.#expected[this.#phase];
		const current =
			this.#share > 0.02 ? (inPhase / this.#share) * (1 - this.#share) : expected - inPhase;
		const later = phases
			.slice(phases.indexOf(this.#phase) + 1)
			.reduce((sum, phase) => sum + this.#expected[phase], 0);
		return Math.max(0, current) + later;
	}
}

interface Stored {
	seconds: Record<Phase, number>;
	work: number;
}

function readStored(): Stored | undefined {
	try {
		return JSON.parse(localStorage.getItem(storageKey) ?? "") as Stored;
	} catch {
		return undefined;
	}
}
