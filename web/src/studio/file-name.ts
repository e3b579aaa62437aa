import type { Clip } from "../worker/protocol.js";

/** `model_prompt-slug_timestamp.mp4`, safe on every file system. */
export function fileName(clip: Clip, at: Date): string {
	const extension = clip.mimeType.startsWith("video/webm") ? "webm" : "mp4";
	const stamp = at
		.toISOString()
		.replace(/\.\d+Z$/, "")
		.replace(/[-:]/g, "")
		.replace("T", "-");
	return `${slug(clip.params.model)}_${slug(clip.params.prompt)}_${stamp}.${extension}`;
}

function slug(text: string): string {
	const words = text
		.normalize("NFKD")
		.toLowerCase()
		.replace(/[^\p{L}\p{N}]+/gu, "-")
		.replace(/^-+/, "");
	return words.slice(0, 60).replace(/-+$/, "") || "clip";
}
