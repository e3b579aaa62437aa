import type { Plugin } from "vite";

/** `https:` lets a page load a model from another site; nothing else leaves or enters. */
const policy = [
	"default-src 'none'",
	"script-src 'self' 'wasm-unsafe-eval'",
	"worker-src 'self' blob:",
	"connect-src 'self' https: blob:",
	"style-src 'self'",
	"img-src 'self' blob: data:",
	"media-src 'self' blob:",
	"base-uri 'none'",
	"form-action 'none'",
].join("; ");

/** Puts the policy into every built page. While developing, Vite needs inline styles and scripts. */
export function contentSecurityPolicy(): Plugin {
	return {
		name: "kinora-content-security-policy",
		apply: "build",
		transformIndexHtml: () => [
			{
				tag: "meta",
				attrs: { "http-equiv": "Content-Security-Policy", content: policy },
				injectTo: "head-prepend",
			},
		],
	};
}
