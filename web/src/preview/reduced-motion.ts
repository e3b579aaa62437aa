/** Whether the visitor's system asks for less motion; clips then wait to be started. */
export function prefersReducedMotion(): boolean {
	return matchMedia("(prefers-reduced-motion: reduce)").matches;
}
