import { KinoraError } from "../errors.js";

/**
 * Tells whether this browser can run Kinora, without downloading anything.
 *
 * @returns Undefined when it can, else the error that `Kinora.load` would reject with.
 * @example
 * const problem = await checkSupport();
 * if (problem) showMessage(problem.message);
 */
export async function checkSupport(): Promise<KinoraError | undefined> {
	if (!navigator.gpu) {
		return new KinoraError(
			"no-webgpu",
			window.isSecureContext
				? "This browser has no WebGPU, which Kinora computes with. Use a current Chrome, Edge, Safari or Firefox, on a device with a graphics processor."
				: "WebGPU is only available on https:// pages and on localhost. Open this page over https.",
		);
	}
	const adapter = await navigator.gpu.requestAdapter().catch(() => null);
	if (!adapter) {
		return new KinoraError(
			"no-webgpu",
			"This browser has WebGPU but found no graphics processor for it. Turn on hardware acceleration in the browser's settings, or update the graphics driver.",
		);
	}
	if (!("VideoEncoder" in window)) {
		return new KinoraError(
			"no-encoder",
			"This browser cannot encode video (it has no WebCodecs). Use a current Chrome, Edge, Safari or Firefox.",
		);
	}
	return undefined;
}
