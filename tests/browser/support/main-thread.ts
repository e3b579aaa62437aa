import type { Browser, Page } from "@playwright/test";

interface TraceEvent {
	name: string;
	ph: string;
	pid: number;
	tid: number;
	/** Processor time, in microseconds. */
	tdur?: number;
	args?: { name?: string };
}

/**
 * The milliseconds of the longest task on the page's main thread while an action runs. Counted in
 * processor time: a graphics processor that runs on all the processor's cores makes the page wait
 * for its turn, which says nothing about the page. A trace grows by about a megabyte a second, so
 * the action should take no more than a few minutes.
 */
export async function longestTask(
	browser: Browser,
	page: Page,
	action: () => Promise<void>,
): Promise<number> {
	await browser.startTracing(page, { categories: ["disabled-by-default-devtools.timeline"] });
	let trace: Buffer;
	try {
		await action();
	} finally {
		trace = await browser.stopTracing();
	}
	const { traceEvents } = JSON.parse(trace.toString()) as { traceEvents: TraceEvent[] };
	const mainThreads = traceEvents
		.filter(({ name, args }) => name === "thread_name" && args?.name === "CrRendererMain")
		.map(({ pid, tid }) => `${pid}/${tid}`);
	const tasks = traceEvents.filter(
		({ name, ph, pid, tid }) =>
			name === "RunTask" && ph === "X" && mainThreads.includes(`${pid}/${tid}`),
	);
	if (tasks.length === 0) throw new Error("The trace has no task of the page's main thread");
	return Math.max(...tasks.map(({ tdur = 0 }) => tdur)) / 1000;
}
