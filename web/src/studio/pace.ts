const windowMilliseconds = 10_000;
const leastMilliseconds = 1000;

/** How fast a count goes up, over the last seconds: files that are found complete would spoil an average of all. */
export class Pace {
	#reports: { at: number; done: number }[] = [];

	update(done: number, now = performance.now()): void {
		// What was downloaded is sometimes given up and begun anew.
		const isAnew = done < (this.#reports.at(-1)?.done ?? 0);
		this.#reports = this.#reports.filter(({ at }) => !isAnew && now - at <= windowMilliseconds);
		this.#reports.push({ at: now, done });
	}

	/** Undefined until there is a second to go by. */
	perSecond(): number | undefined {
		const [first, last] = [this.#reports[0], this.#reports.at(-1)];
		if (!first || !last || last.at - first.at < leastMilliseconds) return undefined;
		return (1000 * (last.done - first.done)) / (last.at - first.at);
	}
}
