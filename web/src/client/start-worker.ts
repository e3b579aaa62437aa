/**
 * Starts a module Worker from any origin. Browsers refuse a Worker script of another origin, but
 * a Blob of this origin may import it, which is what a page that embeds the widget needs.
 */
export function startWorker(url: string): Worker {
	if (new URL(url).origin === location.origin) return new Worker(url, { type: "module" });
	const trampoline = new Blob([`import ${JSON.stringify(url)};`], { type: "text/javascript" });
	const trampolineUrl = URL.createObjectURL(trampoline);
	const worker = new Worker(trampolineUrl, { type: "module" });
	// The script must stay reachable until the Worker has fetched it, which its first message shows.
	worker.addEventListener("message", () => URL.revokeObjectURL(trampolineUrl), { once: true });
	return worker;
}
