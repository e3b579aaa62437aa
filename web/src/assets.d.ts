/** Set by Vite. */
interface ImportMeta {
	readonly env: { readonly DEV: boolean };
}

declare module "*?url" {
	const url: string;
	export default url;
}

declare module "*?worker&url" {
	const url: string;
	export default url;
}
