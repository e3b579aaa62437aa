/** WebGPU features that shaders use and that wgpu 30 has no name for. */
const unnamedFeatures = ["subgroups"] as const;

/**
 * Makes every device that is requested from now on also have the features above, where the
 * adapter has them. wgpu's WebGPU backend only asks for features it can name, and hands the WGSL
 * text to the browser as it is, so a feature that is on can be used by its shaders.
 */
export function requestUnnamedFeatures(): void {
	if (typeof GPUAdapter === "undefined") return;
	const requestDevice = GPUAdapter.prototype.requestDevice;
	GPUAdapter.prototype.requestDevice = function (descriptor = {}) {
		const features = new Set<GPUFeatureName>(descriptor.requiredFeatures);
		for (const name of unnamedFeatures) {
			if (this.features.has(name)) features.add(name);
		}
		return requestDevice.call(this, { ...descriptor, requiredFeatures: [...features] });
	};
}
